import { Table, Text } from '@mantine/core';
import { durationText } from '../look/dates.js';
import { countText, dollars } from '../look/dollars.js';
import { Moment } from '../look/moment.js';
import { Surface } from '../look/surface.js';
import { TableFrame } from '../look/table-frame.js';
import type { GroupRow, Report } from './usage.js';

const SHOWN_MAX = 100;

/** The month's bill by group, dearest first; the whole of it is in the download. */
export function GroupTable({ label, report }: { label: string; report: Report<GroupRow> }) {
  const rows = [...report.rows].sort((a, b) => Number(b.cost) - Number(a.cost) || a.name.localeCompare(b.name));
  if (rows.length === 0) return null;
  return (
    <Surface p={0}>
      <TableFrame label="Bill">
        <Table aria-label={`Bill by ${label.toLowerCase()}`}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{label}</Table.Th>
              <Table.Th ta="right">Runs</Table.Th>
              <Table.Th className="wide-only" ta="right">
                Time
              </Table.Th>
              <Table.Th ta="right">Cost</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.slice(0, SHOWN_MAX).map((row) => (
              <Table.Tr key={row.id}>
                <Table.Td maw={200} w="60%">
                  <Text size="sm" lineClamp={2} className="wrap-anywhere" title={row.name}>
                    {row.name}
                  </Text>
                </Table.Td>
                <Table.Td ta="right" className="numbers">
                  {countText(row.requests)}
                </Table.Td>
                <Table.Td ta="right" className="numbers wide-only">
                  {durationText(row.durationMs)}
                </Table.Td>
                <Table.Td ta="right" className="numbers">
                  {dollars(row.cost)}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
          <Table.Tfoot>
            <Table.Tr>
              <Table.Th>Total</Table.Th>
              <Table.Th ta="right" className="numbers">
                {countText(report.total.requests)}
              </Table.Th>
              <Table.Th ta="right" className="numbers wide-only">
                {durationText(report.total.durationMs)}
              </Table.Th>
              <Table.Th ta="right" className="numbers">
                {dollars(report.total.cost)}
              </Table.Th>
            </Table.Tr>
          </Table.Tfoot>
        </Table>
      </TableFrame>
      <Text size="xs" c="dimmed" p="md">
        {rows.length > SHOWN_MAX && `The ${SHOWN_MAX} dearest of ${countText(rows.length)}; the report has all. `}
        Counted up to position {report.asOf.position}
        {report.asOf.at && (
          <>
            , <Moment at={report.asOf.at} />
          </>
        )}
        .
      </Text>
    </Surface>
  );
}
