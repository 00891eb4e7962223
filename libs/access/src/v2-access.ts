import { Injectable } from '@nestjs/common';
import { Problem, type Role } from '@tollgate/contracts';
import { AccessSettings } from './access-settings.js';
import { memberRef } from './directory-entries.js';
import { Directory } from './directory.js';
import type { Caller } from './key-authenticator.js';
import { type V2Subject, v2AccessProblem } from './refusals.js';
import { decideWorkspaceAccess, type WorkspaceAccess } from './workspace-access.js';

export type V2Granted = Extract<WorkspaceAccess, { allowed: true }>;

/** Whether a key may do something in a workspace, answered in v2's words (contract B2, A6 "Suspended people"). */
@Injectable()
export class V2Access {
  constructor(
    private readonly directory: Directory,
    private readonly settings: AccessSettings,
  ) {}

  /**
   * As whom the caller acts and who pays. Rejects with the 404 "<subject> not found" for what he may not see, with a 403
   * that names the reason for what he may see but not do.
   */
  async require(caller: Caller, workspaceId: string, needed: Role, subject: V2Subject): Promise<V2Granted> {
    const { directory } = this;
    const workspace = await directory.read('workspace', workspaceId);
    const { ownerId } = caller;
    const member = ownerId === null ? undefined : await directory.read('member', memberRef(workspaceId, ownerId));
    const { payerRule } = this.settings;
    const access = decideWorkspaceAccess({ caller, workspaceId, workspace, member, needed, payerRule });
    if (!access.allowed) throw v2AccessProblem(access.refusal, subject, caller.keyKind);
    if (caller.keyKind === 'workspace' && (await directory.read('user', access.payerUserId))?.suspended) {
      throw new Problem('suspended');
    }
    return access;
  }
}
