import { Badge, Table, Text, UnstyledButton } from '@mantine/core';
import { useRef } from 'react';
import { durationText } from '../look/dates.js';
import { dollarsOf } from '../look/dollars.js';
import { ExactMoment } from '../look/moment.js';
import { TableFrame } from '../look/table-frame.js';
import type { LogEntry } from './run-log.js';

const COLUMNS = 7;
const OUTPUT_SHOWN_MAX = 400;

export interface LogTableProps {
  runs: LogEntry[];
  onOpen: (id: string) => void;
}

/** The runs. The time of each is a button that opens its detail; the whole row is for the mouse. */
export function LogTable({ runs, onOpen }: LogTableProps) {
  // A run that came in while the table was shown above what it had stays marked; its light fades by itself.
  const seen = useRef<Set<string>>(undefined);
  const fresh = useRef(new Set<string>());
  const before = seen.current;
  for (const [index, { id }] of runs.entries()) {
    if (before && !before.has(id) && index < before.size) fresh.current.add(id);
  }
  seen.current = new Set(runs.map(({ id }) => id));
  return (
    <TableFrame label="Runs">
      <Table highlightOnHover verticalSpacing={8} aria-label="Runs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Started</Table.Th>
            <Table.Th>Outcome</Table.Th>
            <Table.Th>Workflow</Table.Th>
            <Table.Th className="wide-only">Trigger</Table.Th>
            <Table.Th className="wide-only" ta="right">
              Duration
            </Table.Th>
            <Table.Th ta="right">Cost</Table.Th>
            <Table.Th className="wide-only">Run</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {runs.map((run) => [
            <Table.Tr
              key={run.id}
              className={`row-button ${fresh.current.has(run.id) ? 'row-new' : ''}`}
              onClick={() => onOpen(run.id)}
              data-run={run.executionId}
            >
              <Table.Td>
                <UnstyledButton fz="sm" onClick={() => onOpen(run.id)} aria-haspopup="dialog">
                  <ExactMoment at={run.startedAt} isListed />
                </UnstyledButton>
              </Table.Td>
              <Table.Td>
                <Outcome level={run.level} />
              </Table.Td>
              <Table.Td maw={260} miw={80}>
                <Text size="sm" className="long" title={run.workflow?.name ?? run.workflowId}>
                  {run.workflow?.name ?? run.workflowId}
                  {run.workflow?.deleted && ' (deleted)'}
                </Text>
              </Table.Td>
              <Table.Td className="wide-only">
                <Text size="sm">{run.trigger}</Text>
              </Table.Td>
              <Table.Td className="wide-only" ta="right">
                <Text size="sm" className="numbers nowrap">
                  {durationText(run.totalDurationMs)}
                </Text>
              </Table.Td>
              <Table.Td ta="right">
                <Text size="sm" className="numbers">
                  {run.cost ? dollarsOf(run.cost.total) : '—'}
                </Text>
              </Table.Td>
              <Table.Td className="wide-only" maw={160}>
                <Text size="xs" ff="monospace" c="dimmed" className="long" title={run.executionId}>
                  {run.executionId}
                </Text>
              </Table.Td>
            </Table.Tr>,
            (run.finalOutput !== undefined || run.traceSpans) && <More key={`${run.id} more`} run={run} />,
          ])}
        </Table.Tbody>
      </Table>
    </TableFrame>
  );
}

/** What the list was asked to show of a run besides: the begin of its output, and its spans. */
function More({ run: { executionId, finalOutput, traceSpans = [] } }: { run: LogEntry }) {
  return (
    <Table.Tr data-more-of={executionId}>
      <Table.Td colSpan={COLUMNS} pt={0}>
        {finalOutput !== undefined && (
          <Text size="xs" ff="monospace" c="dimmed" lineClamp={2} className="wrap-anywhere">
            {JSON.stringify(finalOutput)?.slice(0, OUTPUT_SHOWN_MAX)}
          </Text>
        )}
        {traceSpans.map(({ id, name, type, status, duration }) => (
          <Text key={id} size="xs" c="dimmed" className="wrap-anywhere">
            {name} · {type} · {status} · {durationText(duration)}
          </Text>
        ))}
      </Table.Td>
    </Table.Tr>
  );
}

export function Outcome({ level }: { level: 'info' | 'error' }) {
  return level === 'error' ? (
    <Badge color="red" variant="light">
      failed
    </Badge>
  ) : (
    <Badge color="teal" variant="light">
      completed
    </Badge>
  );
}
