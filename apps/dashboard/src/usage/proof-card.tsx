import { Group, Text, ThemeIcon } from '@mantine/core';
import { IconAlertTriangle, IconEqual } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { countText, dollars } from '../look/dollars.js';
import { Fault } from '../look/fault.js';
import { ExactMoment } from '../look/moment.js';
import { Rows, Surface } from '../look/surface.js';
import { reconciliationQuery } from './usage.js';

/** The bill held against the log: every run once in each. */
export function ProofCard({ month }: { month: string }) {
  const { data, error, refetch } = useQuery(reconciliationQuery(month));
  if (!data) return error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={1} height={84} />;
  const isEqual = data.difference === 0;
  return (
    <Surface p="md" data-proof={data.difference}>
      <Group wrap="nowrap" gap="md">
        <ThemeIcon size={40} radius="xl" variant="light" color={isEqual ? 'teal' : 'red'} aria-hidden>
          {isEqual ? <IconEqual size={22} /> : <IconAlertTriangle size={22} />}
        </ThemeIcon>
        <div>
          <Text fw={600}>bill = log: difference {countText(data.difference)}</Text>
          <Text size="sm" c="dimmed">
            {countText(data.runs)} runs in the log for {dollars(data.runsCost)}, {countText(data.billed)} on the bill
            for {dollars(data.billedCost)}; compared up to position {data.asOf.position},{' '}
            <ExactMoment at={data.asOf.at} />
            {!data.asOf.complete && '; newer runs are still on their way'}.
          </Text>
          {!isEqual && (
            <Text size="sm" className="wrap-anywhere" mt={4}>
              {data.missing.length > 0 && `Not billed: ${data.missing.slice(0, 5).join(', ')}. `}
              {data.extra.length > 0 && `Billed without a run: ${data.extra.slice(0, 5).join(', ')}.`}
            </Text>
          )}
        </div>
      </Group>
    </Surface>
  );
}
