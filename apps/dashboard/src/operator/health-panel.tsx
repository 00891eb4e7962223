import { Badge, Group, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Fault } from '../look/fault.js';
import { Rows, Surface } from '../look/surface.js';
import { readHealth } from './operator.js';
import { PartsTable } from './parts-table.js';

const EVERY_MS = 3_000;

/** Each part of the server that this page comes from, as it sees itself, live. */
export function HealthPanel() {
  const { data, error, refetch } = useQuery({
    queryKey: ['health'],
    queryFn: ({ signal }) => readHealth(signal),
    refetchInterval: EVERY_MS,
    retry: false,
  });
  return (
    <Surface>
      <Group justify="space-between" mb="sm">
        <Title order={2}>Health of this server</Title>
        {data && (
          <Badge color={data.status === 'ready' ? 'teal' : 'red'} variant="light">
            {data.status}
          </Badge>
        )}
      </Group>
      {!data && (error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={4} height={36} />)}
      {data && <PartsTable parts={data.parts} />}
    </Surface>
  );
}
