import { Button, Group, Tabs, Text, Title } from '@mantine/core';
import { useNavigate, useParams } from '@tanstack/react-router';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Confirm } from '../look/confirm.js';
import { CopyIcon } from '../look/copy.js';
import { Fault, notifyDone } from '../look/fault.js';
import { AnchorLink } from '../look/links.js';
import { PageHeader } from '../look/page-header.js';
import { Rows, Surface } from '../look/surface.js';
import { WorkflowTools } from '../mcp/workflow-tools.js';
import { queryClient } from '../server/query-client.js';
import { useAction } from '../server/use-action.js';
import { useWorkspace } from '../workspaces/use-workspace.js';
import { canWrite, type Workspace } from '../workspaces/workspaces.js';
import { DeploymentBar } from './deployment-bar.js';
import { SigningSecretDialog } from './signing-secret-dialog.js';
import { SnippetTabs } from './snippet-tabs.js';
import { bodyOf, draftOf } from './workflow-draft.js';
import { WorkflowForm } from './workflow-form.js';
import { deleteWorkflow, refreshWorkflow, SAMPLE, updateWorkflow, type Workflow, workflowQuery } from './workflows.js';

export default function WorkflowPage() {
  const workspace = useWorkspace();
  const { workflowId } = useParams({ from: '/w/$workspaceId/workflows/$workflowId' });
  const { data: workflow, error, refetch } = useQuery(workflowQuery(workflowId));
  if (!workflow) return error ? <Fault error={error} retry={() => void refetch()} /> : <Rows count={4} height={110} />;
  if (workflow.workspaceId !== workspace.id)
    return <Fault error={new Error('This workflow is in another workspace.')} />;
  return <Loaded workflow={workflow} workspace={workspace} />;
}

function Loaded({ workflow, workspace }: { workflow: Workflow; workspace: Workspace }) {
  const [secret, setSecret] = useState<string>();
  const [isDeleting, setDeleting] = useState(false);
  const mayWrite = canWrite(workspace);
  return (
    <>
      <PageHeader title={workflow.name} about={workflow.description}>
        <AnchorLink
          to="/w/$workspaceId/logs"
          params={{ workspaceId: workspace.id }}
          search={{ workflowIds: workflow.id }}
          size="sm"
        >
          Its runs
        </AnchorLink>
        {mayWrite && (
          <Button variant="subtle" color="red" onClick={() => setDeleting(true)}>
            Delete
          </Button>
        )}
      </PageHeader>
      <DeploymentBar workflow={workflow} workspace={workspace} />
      <Tabs defaultValue="edit" keepMounted>
        <Tabs.List mb="lg">
          <Tabs.Tab value="edit">{mayWrite ? 'Edit' : 'Definition'}</Tabs.Tab>
          <Tabs.Tab value="call">Call it</Tabs.Tab>
          <Tabs.Tab value="mcp">MCP</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="edit">
          <WorkflowForm
            key={workflow.updatedAt}
            initial={draftOf(workflow)}
            keptHeaders={workflow.runner.kind === 'http' ? workflow.runner.headerNames : []}
            action="Save changes"
            isReadOnly={!mayWrite}
            save={(draft) => updateWorkflow(workflow.id, bodyOf(draft))}
            onSaved={(kept) => {
              setSecret(kept.signingSecret);
              notifyDone(workflow.isDeployed ? 'Saved. Deploy again to bring it to the runs.' : 'Saved.');
              queryClient.setQueryData(['workflow', workflow.id], kept.workflow);
              void refreshWorkflow(workflow);
            }}
          />
        </Tabs.Panel>
        <Tabs.Panel value="call">
          <Surface>
            <Group gap={6} mb="md" wrap="nowrap">
              <Text size="sm" c="dimmed">
                Id
              </Text>
              <Text size="sm" ff="monospace" className="wrap-anywhere">
                {workflow.id}
              </Text>
              <CopyIcon text={workflow.id} label="Copy workflow id" />
            </Group>
            <Title order={2} mb="xs">
              From a program
            </Title>
            <SnippetTabs
              workflowId={workflow.id}
              input={workflow.name === SAMPLE.name ? SAMPLE.input : { inputs: {} }}
            />
          </Surface>
        </Tabs.Panel>
        <Tabs.Panel value="mcp">
          <WorkflowTools workflow={workflow} workspace={workspace} />
        </Tabs.Panel>
      </Tabs>
      <SigningSecretDialog secret={secret} onClose={() => setSecret(undefined)} />
      <DeleteDialog workflow={workflow} opened={isDeleting} onClose={() => setDeleting(false)} />
    </>
  );
}

function DeleteDialog({ workflow, opened, onClose }: { workflow: Workflow; opened: boolean; onClose: () => void }) {
  const navigate = useNavigate();
  const action = useAction({
    mutationFn: () => deleteWorkflow(workflow.id),
    onSuccess: () => {
      notifyDone(`“${workflow.name}” is deleted. Its runs stay in the log and on the bill.`);
      void queryClient.invalidateQueries({ queryKey: ['workflows', workflow.workspaceId] });
      void navigate({ to: '/w/$workspaceId/workflows', params: { workspaceId: workflow.workspaceId }, replace: true });
    },
  });
  return (
    <Confirm
      opened={opened}
      title="Delete this workflow?"
      action="Delete workflow"
      isBusy={action.isPending}
      error={action.error}
      onConfirm={() => action.run()}
      onClose={onClose}
    >
      <Text size="sm" className="wrap-anywhere">
        “{workflow.name}” cannot be run from then on and cannot be brought back. Its runs stay in the log and on the
        bill.
      </Text>
    </Confirm>
  );
}
