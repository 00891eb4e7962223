import { Badge, Table, Text } from '@mantine/core';
import type { HealthReport } from '@tollgate/contracts';
import { TableFrame } from '../look/table-frame.js';
import { meaningOf } from './part-meaning.js';

export interface PartsTableProps {
  parts: HealthReport['parts'];
  /** Whose parts: for who hears the table instead of seeing it. */
  of?: string;
}

/** The parts of one process: whether each is good, what it follows, up to where, and what it means when it is not. */
export function PartsTable({ parts, of = 'this server' }: PartsTableProps) {
  return (
    <TableFrame label={`Parts of ${of}`}>
      <Table aria-label={`Health of each part of ${of}`} className="table-flush">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Part</Table.Th>
            <Table.Th>State</Table.Th>
            <Table.Th className="wide-only">Details</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {Object.entries(parts).map(([name, { ok, ...details }]) => (
            <Table.Tr key={name} data-part={name}>
              <Table.Td>
                <Text size="sm" fw={600} className="wrap-anywhere">
                  {name}
                </Text>
                {!ok && (
                  <Text size="xs" className="narrow-only">
                    {meaningOf(name)}
                  </Text>
                )}
                <Text size="xs" c="dimmed" className="narrow-only wrap-anywhere numbers">
                  {detailsText(details)}
                </Text>
              </Table.Td>
              <Table.Td>
                <State ok={ok} isTroubled={'reason' in details || 'error' in details} />
              </Table.Td>
              <Table.Td className="wide-only">
                {!ok && <Text size="sm">{meaningOf(name)}</Text>}
                <Text size="sm" c="dimmed" className="wrap-anywhere numbers">
                  {detailsText(details)}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableFrame>
  );
}

/** What says a reason and works all the same does so without something: that is neither good nor not ready. */
function State({ ok, isTroubled }: { ok: boolean; isTroubled: boolean }) {
  if (!ok)
    return (
      <Badge color="red" variant="light">
        not ready
      </Badge>
    );
  return isTroubled ? (
    <Badge color="orange" variant="light">
      works, see details
    </Badge>
  ) : (
    <Badge color="teal" variant="light">
      good
    </Badge>
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
