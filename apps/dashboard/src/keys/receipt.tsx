import { Alert, Group, Stack, Table, Text } from '@mantine/core';
import { IconShieldCheck, IconShieldExclamation } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { countText } from '../look/dollars.js';
import { Moment } from '../look/moment.js';
import { confirmedInMs, isPending, receiptQuery, type RevokedAnswer } from './keys.js';

/** Times have milliseconds: what took none took less than one. */
const msText = (ms: number) => (ms < 1 ? 'less than 1 ms' : `${countText(ms)} ms`);

export interface ReceiptViewProps {
  answer: RevokedAnswer;
  what: string;
  /** False for who may not read receipts: the operator has no session. */
  isFollowed?: boolean;
}

/**
 * The proof: which gateways stopped admitting, after how many milliseconds, and which were fenced off. One that is not
 * complete yet completes before the reader's eyes.
 */
export function ReceiptView({ answer: first, what, isFollowed = true }: ReceiptViewProps) {
  const query = receiptQuery(first);
  const { data: answer = first } = useQuery({ ...query, enabled: isFollowed && query.enabled });
  const { receipt, pending = [] } = answer;
  if (!receipt) return null;
  const isComplete = !isPending(answer);
  const tookMs = confirmedInMs(receipt);
  const Sign = isComplete ? IconShieldCheck : IconShieldExclamation;
  return (
    <Stack gap="sm" data-receipt>
      <Alert
        color={isComplete ? 'teal' : 'orange'}
        icon={<Sign aria-hidden />}
        title={isComplete ? `${what} stopped everywhere in ${msText(tookMs)}` : `${what} stopped, not yet everywhere`}
        role="status"
      >
        {isComplete
          ? 'No gateway admits it any more: the next request with it is refused.'
          : `Not confirmed yet: ${pending.join(', ')}. Their leases run out by themselves; then they refuse too.${isFollowed ? ' This page waits for them.' : ''}`}
      </Alert>
      <Table withRowBorders aria-label="Gateways that stopped">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Gateway</Table.Th>
            <Table.Th>Stopped after</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {receipt.gateways.map(({ id, appliedAt }) => (
            <Table.Tr key={id}>
              <Table.Td className="wrap-anywhere">{id}</Table.Td>
              <Table.Td className="numbers">{msText(Date.parse(appliedAt) - Date.parse(receipt.revokedAt))}</Table.Td>
            </Table.Tr>
          ))}
          {receipt.fenced.map((id) => (
            <Table.Tr key={id}>
              <Table.Td className="wrap-anywhere">{id}</Table.Td>
              <Table.Td>fenced: its lease ran out, it refuses on its own</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="space-between" gap="xs">
        <Text size="xs" c="dimmed">
          Position {receipt.position}
        </Text>
        <Text size="xs" c="dimmed">
          <Moment at={receipt.confirmedAt ?? receipt.revokedAt} />
        </Text>
      </Group>
    </Stack>
  );
}
