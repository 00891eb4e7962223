import { Badge, Button, CloseButton, Group, Stack, Text, Title } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconPlayerPlay, IconRocket } from '@tabler/icons-react';
import { useCallback, useState } from 'react';
import { CodeBlock, CopyButton } from '../look/copy.js';
import { Fault } from '../look/fault.js';
import { Surface } from '../look/surface.js';
import { createKey, type KeyKind, keysKey } from '../keys/keys.js';
import { useShownOnce } from '../keys/use-shown-once.js';
import { Refusal } from '../server/refusal.js';
import { useAction } from '../server/use-action.js';
import { SnippetTabs } from '../workflows/snippet-tabs.js';
import { createWorkflow, deployWorkflow, refreshWorkflow, SAMPLE, type Workflow } from '../workflows/workflows.js';
import type { Workspace } from '../workspaces/workspaces.js';
import { Arrival } from './arrival.js';
import { runNow } from './run-now.js';
import { Step } from './step.js';

export interface FirstMinuteProps {
  workspace: Workspace;
  workflows: Workflow[];
  onClose: () => void;
}

/** From nothing to a run in the log and on the bill: deploy, make a key, run, look. The key lives in this card alone. */
export function FirstMinute({ workspace, workflows, onClose }: FirstMinuteProps) {
  const workflow = workflows.find(({ isDeployed }) => isDeployed);
  const draft = workflows.find(({ name }) => name === SAMPLE.name);
  const [beganAt] = useState(() => new Date().toISOString());
  const { created, show } = useShownOnce();
  const [hasArrived, setArrived] = useState(false);
  const arrived = useCallback(() => setArrived(true), []);
  const input = workflow?.name === SAMPLE.name ? SAMPLE.input : {};
  return (
    <Surface data-first-minute>
      <Group justify="space-between" wrap="nowrap" align="flex-start" mb="md">
        <div>
          <Title order={2}>Your first minute</Title>
          <Text size="sm" c="dimmed">
            Four steps to a run that is logged and billed.
          </Text>
        </div>
        <CloseButton onClick={onClose} aria-label="Hide the first steps" />
      </Group>
      <Stack component="ol" gap="lg" className="steps">
        <Step number={1} title="Deploy the sample workflow" isDone={workflow !== undefined} isNow={!workflow}>
          {workflow ? (
            <Text size="sm" c="dimmed" className="wrap-anywhere">
              “{workflow.name}” is deployed.
            </Text>
          ) : (
            <DeploySample workspaceId={workspace.id} draft={draft} />
          )}
        </Step>
        <Step number={2} title="Create a key" isDone={created !== undefined} isNow={workflow !== undefined && !created}>
          {created ? (
            <Stack gap="xs">
              <Text size="sm" c="dimmed">
                Shown this one time, here; it is gone when you leave this page. Keep it in an environment variable.
              </Text>
              <CodeBlock label="Key" text={created.key} wrap />
              <Group>
                <CopyButton text={created.key} label="Copy key" />
              </Group>
            </Stack>
          ) : (
            workflow && <MakeKey workspace={workspace} onCreated={show} />
          )}
        </Step>
        <Step number={3} title="Run it" isDone={hasArrived} isNow={created !== undefined && !hasArrived}>
          {workflow && created && (
            <Stack gap="sm">
              <SnippetTabs workflowId={workflow.id} input={input} apiKey={created.key} />
              <RunHere workflowId={workflow.id} input={input} apiKey={created.key} />
            </Stack>
          )}
        </Step>
        <Step number={4} title="See it arrive" isDone={hasArrived} isNow={created !== undefined && !hasArrived}>
          {created && <Arrival workspaceId={workspace.id} since={beganAt} onArrived={arrived} />}
        </Step>
      </Stack>
    </Surface>
  );
}

function DeploySample({ workspaceId, draft }: { workspaceId: string; draft: Workflow | undefined }) {
  const action = useAction({
    mutationFn: async () => {
      const { name, description, expression } = SAMPLE;
      const workflow =
        draft ??
        (await createWorkflow({ workspaceId, name, description, runner: { kind: 'expression', expression } })).workflow;
      await deployWorkflow(workflow.id);
      await refreshWorkflow(workflow);
    },
  });
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        It greets whoever is named in its input: one line of JSONata.
      </Text>
      <Fault error={action.error} />
      <Button
        leftSection={<IconRocket size={18} aria-hidden />}
        loading={action.isPending}
        onClick={() => action.run()}
        w="fit-content"
      >
        Deploy the sample
      </Button>
    </Stack>
  );
}

/** Makes a key under the first name that is free. */
async function makeFirstKey(kind: KeyKind, workspaceId: string) {
  for (let number = 1; ; number++) {
    try {
      return await createKey(kind, workspaceId, { name: number === 1 ? 'First key' : `First key ${number}` });
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 409 && number < 50)) throw error;
    }
  }
}

function MakeKey({
  workspace,
  onCreated,
}: {
  workspace: Workspace;
  onCreated: ReturnType<typeof useShownOnce>['show'];
}) {
  const client = useQueryClient();
  const kind = workspace.allowPersonalApiKeys ? 'personal' : 'workspace';
  const action = useAction({
    mutationFn: () => makeFirstKey(kind, workspace.id),
    gcTime: 0,
    onSuccess: (created) => {
      onCreated(created);
      void client.invalidateQueries({ queryKey: keysKey(kind, workspace.id) });
    },
  });
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {kind === 'personal'
          ? 'A personal key: it acts as you, and you pay for its runs.'
          : 'A workspace key: this workspace does not take personal ones.'}
      </Text>
      <Fault error={action.error} />
      <Button loading={action.isPending} onClick={() => action.run()} w="fit-content">
        Create a key
      </Button>
    </Stack>
  );
}

function RunHere({ workflowId, input, apiKey }: { workflowId: string; input: unknown; apiKey: string }) {
  const action = useAction({ mutationFn: () => runNow(workflowId, input, apiKey), gcTime: 0 });
  return (
    <Stack gap="xs">
      <Group gap="sm">
        <Button
          variant="default"
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          loading={action.isPending}
          onClick={() => action.run()}
        >
          Or run it from here
        </Button>
        {action.data && (
          <Badge color="teal" variant="light">
            answered in {action.data.tookMs} ms
          </Badge>
        )}
      </Group>
      <Fault error={action.error} />
      {action.data && (
        <CodeBlock label="Answer" text={JSON.stringify(action.data.answer, null, 2)} wrap maxHeight={220} />
      )}
    </Stack>
  );
}
