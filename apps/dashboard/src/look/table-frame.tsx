import { Table } from '@mantine/core';
import type { ReactNode } from 'react';

/** Where a table scrolls sideways on its own, by keyboard too, so that the page never does. */
export function TableFrame({ label, children }: { label: string; children: ReactNode }) {
  return (
    <Table.ScrollContainer
      minWidth={0}
      scrollAreaProps={{
        offsetScrollbars: 'present',
        viewportProps: { tabIndex: 0, role: 'region', 'aria-label': label },
      }}
    >
      {children}
    </Table.ScrollContainer>
  );
}
