import { Center, Group, Paper, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import { SchemeToggle } from '../shell/scheme-toggle.js';
import { Mark } from '../shell/mark.js';

/** The frame of the pages that a stranger sees. */
export function Entrance({ title, about, children }: { title: string; about: ReactNode; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Tollgate`;
  }, [title]);
  return (
    <Center mih="100dvh" p="md" component="main">
      <Stack w="100%" maw={420} gap="lg">
        <Group justify="space-between">
          <Mark />
          <SchemeToggle />
        </Group>
        <Paper withBorder p="xl" radius="lg" className="surface">
          <Stack>
            <div>
              <Title order={1}>{title}</Title>
              <Text c="dimmed" size="sm" mt={4}>
                {about}
              </Text>
            </div>
            {children}
          </Stack>
        </Paper>
      </Stack>
    </Center>
  );
}
