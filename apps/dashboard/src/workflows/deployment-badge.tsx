import { Badge } from '@mantine/core';
import type { Workflow } from './workflows.js';

export function DeploymentBadge({ workflow }: { workflow: Workflow }) {
  if (!workflow.isDeployed)
    return (
      <Badge color="gray" variant="light">
        not deployed
      </Badge>
    );
  if (workflow.needsRedeployment)
    return (
      <Badge color="orange" variant="light">
        needs redeploy
      </Badge>
    );
  return (
    <Badge color="teal" variant="light">
      deployed
    </Badge>
  );
}
