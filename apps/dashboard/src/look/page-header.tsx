import { Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';

export interface PageHeaderProps {
  title: string;
  /** What this page is for, in one sentence. */
  about?: ReactNode;
  children?: ReactNode;
}

/** The head of a page: its title (the tab's too), what it is for, and its main action. */
export function PageHeader({ title, about, children }: PageHeaderProps) {
  useEffect(() => {
    document.title = `${title} · Tollgate`;
  }, [title]);
  return (
    <Group justify="space-between" align="flex-start" gap="md" mb="lg">
      <Stack gap={4} flex="1 1 18rem" miw={0}>
        <Title order={1} className="wrap-anywhere">
          {title}
        </Title>
        {about && (
          <Text c="dimmed" size="sm" maw={760}>
            {about}
          </Text>
        )}
      </Stack>
      {children && <Group gap="sm">{children}</Group>}
    </Group>
  );
}
