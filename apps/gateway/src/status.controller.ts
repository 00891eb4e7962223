import { Controller, Get, Param } from '@nestjs/common';
import {
  AccessSettings,
  ApiKeyRoute,
  type Caller,
  CurrentCaller,
  decideWorkspaceAccess,
  Directory,
  memberRef,
  statusAccessProblem,
} from '@tollgate/access';
import { codeOfText, Problem, type workflowStatusSchema } from '@tollgate/contracts';
import type { z } from 'zod';

const NOT_FOUND = 'Workflow not found';

/** `GET /api/workflows/{id}/status` (contract B3.4), from the directory alone. */
@Controller('api/workflows')
export class StatusController {
  constructor(
    private readonly directory: Directory,
    private readonly settings: AccessSettings,
  ) {}

  @Get(':id/status')
  @ApiKeyRoute('status')
  async status(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
  ): Promise<z.infer<typeof workflowStatusSchema>> {
    const { directory } = this;
    const workflow = await directory.read('workflow', id);
    if (!workflow) throw new Problem('notFound', { text: NOT_FOUND, code: codeOfText(NOT_FOUND) });
    const { workspaceId } = workflow;
    const workspace = await directory.read('workspace', workspaceId);
    const member =
      caller.ownerId === null ? undefined : await directory.read('member', memberRef(workspaceId, caller.ownerId));
    const { payerRule } = this.settings;
    const access = decideWorkspaceAccess({ caller, workspaceId, workspace, member, needed: 'read', payerRule });
    if (!access.allowed) throw statusAccessProblem(access.refusal);
    return {
      isDeployed: workflow.deployment !== null,
      deployedAt: workflow.deployment?.deployedAt ?? null,
      needsRedeployment: workflow.deployment !== null && workflow.needsRedeployment,
    };
  }
}
