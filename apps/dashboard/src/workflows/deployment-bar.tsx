import { Alert, Button, Group, Text } from '@mantine/core';
import { IconRocket } from '@tabler/icons-react';
import { useState } from 'react';
import { Confirm } from '../look/confirm.js';
import { notifyDone, notifyFault } from '../look/fault.js';
import { Moment } from '../look/moment.js';
import { Surface } from '../look/surface.js';
import { useAction } from '../server/use-action.js';
import { isAdmin, type Workspace } from '../workspaces/workspaces.js';
import { DeploymentBadge } from './deployment-badge.js';
import { deployWorkflow, refreshWorkflow, undeployWorkflow, type Workflow } from './workflows.js';

/** Whether keys can run it, and which version they get. */
export function DeploymentBar({ workflow, workspace }: { workflow: Workflow; workspace: Workspace }) {
  const [isAsking, setAsking] = useState(false);
  const settled = { onSettled: () => refreshWorkflow(workflow) };
  const deploy = useAction({
    mutationFn: () => deployWorkflow(workflow.id),
    onSuccess: () => notifyDone('Deployed: keys run this version from now on.'),
    onError: (error) => notifyFault(error, 'Not deployed'),
    ...settled,
  });
  const undeploy = useAction({
    mutationFn: () => undeployWorkflow(workflow.id),
    onSuccess: () => {
      setAsking(false);
      notifyDone('Undeployed: keys cannot run it any more.');
    },
    ...settled,
  });
  return (
    <Surface mb="lg" p="md">
      <Group justify="space-between" gap="sm">
        <Group gap="sm">
          <DeploymentBadge workflow={workflow} />
          <Text size="sm" c="dimmed">
            {workflow.deployedAt && workflow.isDeployed ? (
              <>
                since <Moment at={workflow.deployedAt} />
              </>
            ) : (
              'Keys cannot run it until it is deployed.'
            )}
          </Text>
        </Group>
        {isAdmin(workspace) && (
          <Group gap="xs">
            {workflow.isDeployed && (
              <Button variant="default" onClick={() => setAsking(true)}>
                Undeploy
              </Button>
            )}
            <Button
              leftSection={<IconRocket size={18} aria-hidden />}
              variant={workflow.isDeployed && !workflow.needsRedeployment ? 'default' : 'filled'}
              loading={deploy.isPending}
              onClick={() => deploy.run()}
            >
              {workflow.isDeployed ? 'Deploy again' : 'Deploy'}
            </Button>
          </Group>
        )}
      </Group>
      {workflow.isDeployed && workflow.needsRedeployment && (
        <Alert color="orange" mt="sm" variant="light">
          It was changed after its last deploy. Runs still use the deployed version
          {isAdmin(workspace) ? '; deploy again to bring the changes to them.' : '; an admin can deploy the changes.'}
        </Alert>
      )}
      <Confirm
        opened={isAsking}
        title="Undeploy this workflow?"
        action="Undeploy"
        isBusy={undeploy.isPending}
        error={undeploy.error}
        onConfirm={() => undeploy.run()}
        onClose={() => setAsking(false)}
      >
        <Text size="sm">Every call of it is refused from then on (403), until it is deployed again.</Text>
      </Confirm>
    </Surface>
  );
}
