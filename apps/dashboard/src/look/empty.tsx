import { Center, Stack, Text, ThemeIcon, Title } from '@mantine/core';
import type { Icon } from '@tabler/icons-react';
import type { ReactNode } from 'react';

export interface EmptyProps {
  icon: Icon;
  title: string;
  /** What to do now. */
  text: ReactNode;
  children?: ReactNode;
}

/** Nothing here yet: says what to do. */
export function Empty({ icon: Sign, title, text, children }: EmptyProps) {
  return (
    <Center py={48} px="md">
      <Stack align="center" gap="sm" maw={440}>
        <ThemeIcon size={48} radius="xl" variant="light" aria-hidden>
          <Sign size={26} stroke={1.6} />
        </ThemeIcon>
        <Title order={2} ta="center">
          {title}
        </Title>
        <Text c="dimmed" size="sm" ta="center">
          {text}
        </Text>
        {children}
      </Stack>
    </Center>
  );
}
