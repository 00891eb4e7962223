import { Badge, Group, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Fault } from '../look/fault.js';
import { Rows, Surface } from '../look/surface.js';
import { readHealth } from './operator.js';

const EVERY_MS = 3_000;

/** Each part as the server itself sees it, live: what it follows, up to where, and how far behind. */
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
        <Title order={2}>Health</Title>
        {data && (
          <Badge color={data.status === 'ready' ? 'teal' : 'red'} variant="light">
            {data.status}
          </Badge>
        )}
      </Group>
      {!data && (error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={4} height={36} />)}
      {data && (
        <Table.ScrollContainer
          minWidth={0}
          scrollAreaProps={{ viewportProps: { tabIndex: 0, role: 'region', 'aria-label': 'Parts' } }}
        >
          <Table aria-label="Health of each part">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Part</Table.Th>
                <Table.Th>State</Table.Th>
                <Table.Th className="wide-only">Details</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {Object.entries(data.parts).map(([name, { ok, ...details }]) => (
                <Table.Tr key={name}>
                  <Table.Td>
                    <Text size="sm" fw={600} className="wrap-anywhere">
                      {name}
                    </Text>
                    <Text size="xs" c="dimmed" className="narrow-only wrap-anywhere numbers">
                      {detailsText(details)}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    <Badge color={ok ? 'teal' : 'red'} variant="light">
                      {ok ? 'good' : 'not ready'}
                    </Badge>
                  </Table.Td>
                  <Table.Td className="wide-only">
                    <Text size="sm" c="dimmed" className="wrap-anywhere numbers">
                      {detailsText(details)}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      )}
    </Surface>
  );
}

function detailsText(details: Record<string, unknown>): string {
  const { position, head } = details;
  const told = Object.entries(details).map(
    ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
  );
  if (typeof position === 'string' && typeof head === 'string' && /^\d+$/.test(position) && /^\d+$/.test(head)) {
    told.push(`lag ${BigInt(head) > BigInt(position) ? BigInt(head) - BigInt(position) : 0n}`);
  }
  return told.join(' · ');
}
