import { Alert, Drawer, Group, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useRef } from 'react';
import { CodeBlock, CopyIcon } from '../look/copy.js';
import { durationText } from '../look/dates.js';
import { dollarsOf } from '../look/dollars.js';
import { Fault } from '../look/fault.js';
import { ExactMoment } from '../look/moment.js';
import { Rows } from '../look/surface.js';
import { Outcome } from './log-table.js';
import { type RunDetail, runQuery } from './run-log.js';

/** One run in full, beside the list. */
export function RunDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  // While it slides out it still shows what it showed.
  const last = useRef(id);
  if (id !== undefined) last.current = id;
  return (
    <Drawer opened={id !== undefined} onClose={onClose} position="right" size="lg" title="Run">
      {last.current !== undefined && <Detail id={last.current} />}
    </Drawer>
  );
}

function Detail({ id }: { id: string }) {
  const { data, error, refetch } = useQuery(runQuery(id));
  if (!data) return error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={6} height={36} />;
  return <Run run={data} />;
}

function Run({ run }: { run: RunDetail }) {
  const { executionData } = run;
  return (
    <Stack gap="lg">
      <Group justify="space-between" wrap="nowrap">
        <Title order={2} className="wrap-anywhere">
          {run.workflow.name}
          {run.workflow.deleted && ' (deleted)'}
        </Title>
        <Outcome level={run.level} />
      </Group>
      {executionData.error && (
        <Alert color="red" title={executionData.error.code}>
          <span className="wrap-anywhere">{executionData.error.message}</span>
        </Alert>
      )}
      <dl className="facts">
        <Fact name="Started">
          <ExactMoment at={run.startedAt} />
        </Fact>
        {run.endedAt && (
          <Fact name="Ended">
            <ExactMoment at={run.endedAt} />
          </Fact>
        )}
        <Fact name="Duration">{durationText(run.totalDurationMs)}</Fact>
        <Fact name="Cost">{run.cost ? dollarsOf(run.cost.total) : 'nothing'}</Fact>
        <Fact name="Trigger">{run.trigger}</Fact>
        {run.key && (
          <Fact name="Key">
            {run.key.name} ({run.key.type})
          </Fact>
        )}
        {run.client.name && (
          <Fact name="Client">
            {run.client.name} {run.client.version}
          </Fact>
        )}
        {run.client.userAgent && <Fact name="User agent">{run.client.userAgent}</Fact>}
        {run.client.clientInfo && <Fact name="Client says">{run.client.clientInfo}</Fact>}
        <Fact name="Run">
          <Id text={run.executionId} label="Copy run id" />
        </Fact>
        {run.requestId && (
          <Fact name="x-request-id">
            <Id text={run.requestId} label="Copy request id" />
          </Fact>
        )}
        <Fact name="Workflow">
          <Id text={run.workflowId} label="Copy workflow id" />
        </Fact>
      </dl>
      <Json title="Input" value={executionData.workflowInput} />
      <Json title="Output" value={executionData.finalOutput} />
    </Stack>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="wrap-anywhere">{children}</dd>
    </div>
  );
}

function Id({ text, label }: { text: string; label: string }) {
  return (
    <Group gap={4} wrap="nowrap">
      <Text size="sm" ff="monospace" className="wrap-anywhere">
        {text}
      </Text>
      <CopyIcon text={text} label={label} />
    </Group>
  );
}

function Json({ title, value }: { title: string; value: unknown }) {
  return (
    <div>
      <Title order={3} mb={6}>
        {title}
      </Title>
      {value === null || value === undefined ? (
        <Text size="sm" c="dimmed">
          none
        </Text>
      ) : (
        <CodeBlock label={title} text={JSON.stringify(value, null, 2)} wrap maxHeight={380} />
      )}
    </div>
  );
}
