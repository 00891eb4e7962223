import { Badge, Stack, Table, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { FleetMemberView } from '@tollgate/contracts';
import { useRef } from 'react';
import { durationText } from '../look/dates.js';
import { countText } from '../look/dollars.js';
import { Fault } from '../look/fault.js';
import { Moment } from '../look/moment.js';
import { Rows, Surface } from '../look/surface.js';
import { TableFrame } from '../look/table-frame.js';
import type { Operator } from './operator.js';
import { hasBeenHeard, hear, type Heard, silentMs } from './silence.js';

const EVERY_MS = 1_000;

/** Who may be admitting callers, live: what each has applied, how far behind it is, and whether its lease holds. */
export function GatewaysPanel({ operator }: { operator: Operator }) {
  const heard = useRef<Heard>(new Map());
  const { data, error, refetch } = useQuery({
    queryKey: ['gateways'],
    queryFn: async () => {
      const gateways = await operator.gateways();
      heard.current = hear(heard.current, gateways, Date.now());
      return { gateways, heard: heard.current, atMs: Date.now() };
    },
    refetchInterval: EVERY_MS,
    gcTime: 0,
    retry: false,
  });
  if (!data) return error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={2} height={44} />;
  return (
    <Surface>
      <Title order={2} mb={4}>
        Gateways
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        Every process that admits callers does so on its copy of the directory, as long as its lease holds. A silent one
        stops by itself; the next revoke shuts it out and takes it off this list.
      </Text>
      {error && <Fault error={error} />}
      <TableFrame label="Gateways">
        <Table aria-label="Gateways" className="table-flush">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Gateway</Table.Th>
              <Table.Th ta="right">Applied</Table.Th>
              <Table.Th ta="right">Lag</Table.Th>
              <Table.Th>Lease</Table.Th>
              <Table.Th className="wide-only">Last change applied</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.gateways.map((gateway) => (
              <Table.Tr key={gateway.id} data-gateway={gateway.id}>
                <Table.Td className="wrap-anywhere">{gateway.id}</Table.Td>
                <Table.Td ta="right" className="numbers">
                  {gateway.leaseMs === null ? 'all' : countText(gateway.applied)}
                </Table.Td>
                <Table.Td ta="right" className="numbers">
                  {countText(gateway.lag)}
                </Table.Td>
                <Table.Td>
                  <Lease
                    gateway={gateway}
                    silentForMs={silentMs(data.heard, gateway.id, data.atMs)}
                    isHeard={hasBeenHeard(data.heard, gateway.id)}
                  />
                </Table.Td>
                <Table.Td className="wide-only">
                  {gateway.leaseMs === null ? 'at once' : <Moment at={gateway.appliedAt} relative />}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableFrame>
      {data.gateways.length === 0 && (
        <Text size="sm" c="dimmed" p="md">
          No gateway has given a sign of life yet.
        </Text>
      )}
    </Surface>
  );
}

interface LeaseProps {
  gateway: FleetMemberView;
  silentForMs: number;
  isHeard: boolean;
}

/** One that was not heard yet may have been silent for long: nothing is said of it before its lease has gone by. */
function Lease({ gateway: { leaseMs }, silentForMs, isHeard }: LeaseProps) {
  if (leaseMs === null) return <Text size="sm">none needed: it shares the directory</Text>;
  const isOver = silentForMs > leaseMs;
  const [color, state, details] = isOver
    ? ['red', 'over', `silent for ${durationText(silentForMs)}`]
    : isHeard
      ? ['teal', 'holds', `for ${durationText(leaseMs)}`]
      : ['gray', 'listening', 'not heard yet'];
  return (
    <Stack gap={2} align="flex-start">
      <Badge color={color} variant="light">
        {state}
      </Badge>
      <Text size="xs" c="dimmed" className="numbers">
        {details}
      </Text>
    </Stack>
  );
}
