import { Badge, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Fault } from '../look/fault.js';
import { Rows, Surface } from '../look/surface.js';
import type { Operator } from './operator.js';
import { AWAY } from './part-meaning.js';
import { PartsTable } from './parts-table.js';

const EVERY_MS = 3_000;
const COLOURS = { ready: 'teal', 'not ready': 'red', away: 'red' };

/** The services that run apart from the gateway of this page, live; nothing where all are one process. */
export function ServicesPanel({ operator }: { operator: Operator }) {
  const { data, error, refetch } = useQuery({
    queryKey: ['services'],
    queryFn: operator.services,
    refetchInterval: EVERY_MS,
    gcTime: 0,
    retry: false,
  });
  if (!data) return error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={3} height={44} />;
  return (
    <>
      {error && <Fault error={error} />}
      {data.map(({ name, status, parts }) => (
        <Surface key={name}>
          <Stack gap="sm" data-service={name}>
            <Group justify="space-between">
              <Title order={2} tt="capitalize">
                {name}
              </Title>
              <Badge color={COLOURS[status]} variant="light">
                {status === 'away' ? 'does not answer' : status}
              </Badge>
            </Group>
            {status === 'away' ? <Text size="sm">{AWAY[name]}</Text> : <PartsTable parts={parts} of={name} />}
          </Stack>
        </Surface>
      ))}
    </>
  );
}
