import { Controller, Get, Param, Req, SetMetadata, UseGuards } from '@nestjs/common';
import {
  AccessSettings,
  API_KEY_ROUTE,
  type ApiKeyRouteOptions,
  type Caller,
  decideWorkspaceAccess,
  Directory,
  memberRef,
  ROUTE_AUTH,
  type SignedIn,
  statusAccessProblem,
} from '@tollgate/access';
import { codeOfText, Problem, type workflowStatusSchema } from '@tollgate/contracts';
import type { z } from 'zod';
import { KeyOrSessionGuard } from './key-or-session.guard.js';

const NOT_FOUND = 'Workflow not found';

const BY_KEY: ApiKeyRouteOptions = { surface: 'status', rated: true };

/** `GET /api/workflows/{id}/status` (contract B3.4), by key or by session, from the directory alone. */
@Controller('api/workflows')
export class StatusController {
  constructor(
    private readonly directory: Directory,
    private readonly settings: AccessSettings,
  ) {}

  @Get(':id/status')
  @SetMetadata(ROUTE_AUTH, 'api-key')
  @SetMetadata(API_KEY_ROUTE, BY_KEY)
  @UseGuards(KeyOrSessionGuard)
  async status(
    @Req() { caller, signedIn }: { caller?: Caller; signedIn?: SignedIn },
    @Param('id') id: string,
  ): Promise<z.infer<typeof workflowStatusSchema>> {
    const workflow = await this.directory.read('workflow', id);
    if (!workflow) throw notFound();
    if (caller) await this.requireKeyIn(workflow.workspaceId, caller);
    else if (!signedIn || !(await this.member(workflow.workspaceId, signedIn.userId))) throw notFound();
    return {
      isDeployed: workflow.deployment !== null,
      deployedAt: workflow.deployment?.deployedAt ?? null,
      needsRedeployment: workflow.deployment !== null && workflow.needsRedeployment,
    };
  }

  private async requireKeyIn(workspaceId: string, caller: Caller): Promise<void> {
    const workspace = await this.directory.read('workspace', workspaceId);
    const member = caller.ownerId === null ? undefined : await this.member(workspaceId, caller.ownerId);
    const { payerRule } = this.settings;
    const access = decideWorkspaceAccess({ caller, workspaceId, workspace, member, needed: 'read', payerRule });
    if (!access.allowed) throw statusAccessProblem(access.refusal);
  }

  private async member(workspaceId: string, userId: string) {
    return this.directory.read('member', memberRef(workspaceId, userId));
  }
}

function notFound(): Problem {
  return new Problem('notFound', { text: NOT_FOUND, code: codeOfText(NOT_FOUND) });
}
