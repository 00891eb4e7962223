import { Paper, type PaperProps, Skeleton, Stack } from '@mantine/core';
import type { ReactNode } from 'react';

/** A card on the page's ground. */
export function Surface({ children, ...paper }: PaperProps & { children: ReactNode }) {
  return (
    <Paper withBorder p="lg" radius="md" className="surface" {...paper}>
      {children}
    </Paper>
  );
}

/** As high as what will stand there, so that nothing jumps when it comes. */
export function Rows({ count = 5, height = 44 }: { count?: number; height?: number }) {
  return (
    <Stack gap="xs" aria-busy="true" role="status" aria-label="Loading">
      {Array.from({ length: count }, (_, index) => (
        <Skeleton key={index} height={height} radius="md" />
      ))}
    </Stack>
  );
}
