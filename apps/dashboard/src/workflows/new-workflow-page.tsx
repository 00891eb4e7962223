import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { Empty } from '../look/empty.js';
import { ButtonLink } from '../look/links.js';
import { PageHeader } from '../look/page-header.js';
import { Surface } from '../look/surface.js';
import { IconLock } from '@tabler/icons-react';
import { useWorkspace } from '../workspaces/use-workspace.js';
import { canWrite } from '../workspaces/workspaces.js';
import { SigningSecretDialog } from './signing-secret-dialog.js';
import { bodyOf, EMPTY_DRAFT } from './workflow-draft.js';
import { WorkflowForm } from './workflow-form.js';
import { createWorkflow, type KeptWorkflow, refreshWorkflow, SAMPLE } from './workflows.js';

export default function NewWorkflowPage() {
  const workspace = useWorkspace();
  const navigate = useNavigate();
  const [kept, setKept] = useState<KeptWorkflow>();
  const toWorkflow = ({ workflow }: KeptWorkflow) =>
    void navigate({
      to: '/w/$workspaceId/workflows/$workflowId',
      params: { workspaceId: workspace.id, workflowId: workflow.id },
      replace: true,
    });
  if (!canWrite(workspace)) {
    return (
      <Surface>
        <Empty
          icon={IconLock}
          title="You may not make workflows here"
          text="Your role in this workspace is read. An admin can change it."
        >
          <ButtonLink to="/w/$workspaceId/workflows" params={{ workspaceId: workspace.id }} variant="default">
            To the workflows
          </ButtonLink>
        </Empty>
      </Surface>
    );
  }
  return (
    <>
      <PageHeader
        title="New workflow"
        about="It runs from its first deploy on. Editing it later changes nothing until it is deployed again."
      />
      <WorkflowForm
        initial={{ ...EMPTY_DRAFT, expression: SAMPLE.expression }}
        action="Create workflow"
        save={(draft) => createWorkflow({ workspaceId: workspace.id, ...bodyOf(draft) })}
        onSaved={(made) => {
          void refreshWorkflow(made.workflow);
          if (made.signingSecret === undefined) toWorkflow(made);
          else setKept(made);
        }}
      />
      <SigningSecretDialog secret={kept?.signingSecret} onClose={() => kept && toWorkflow(kept)} />
    </>
  );
}
