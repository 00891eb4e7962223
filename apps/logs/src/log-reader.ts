import { Injectable } from '@nestjs/common';
import { AccessSettings, decideWorkspaceAccess, Directory, logsAccessProblem, memberRef } from '@tollgate/access';
import type { AccessRefusal, Caller } from '@tollgate/access';
import { Problem } from '@tollgate/contracts';

/** Why a key may not read; a workspace key is held up when its payer is suspended (contract A6 "Suspended people"). */
export type ReadRefusal = AccessRefusal | 'payerSuspended';

/** Who may read a workspace's runs with a key, and who would pay for runs there. */
@Injectable()
export class LogReader {
  constructor(
    private readonly directory: Directory,
    private readonly settings: AccessSettings,
  ) {}

  /** The payer, when this caller may read the workspace's runs. */
  async payerFor(caller: Caller, workspaceId: string): Promise<{ payerUserId: string } | { refusal: ReadRefusal }> {
    const workspace = await this.directory.read('workspace', workspaceId);
    const member =
      caller.ownerId === null ? undefined : await this.directory.read('member', memberRef(workspaceId, caller.ownerId));
    const { payerRule } = this.settings;
    const access = decideWorkspaceAccess({ caller, workspaceId, workspace, member, needed: 'read', payerRule });
    if (!access.allowed) return { refusal: access.refusal };
    const { payerUserId } = access;
    if (caller.keyKind === 'workspace' && (await this.directory.read('user', payerUserId))?.suspended) {
      return { refusal: 'payerSuspended' };
    }
    return { payerUserId };
  }

  /** The payer; throws the refusal in the words of v1's list (contract B2, B5.1). */
  async payerForList(caller: Caller, workspaceId: string): Promise<string> {
    const access = await this.payerFor(caller, workspaceId);
    if (!('refusal' in access)) return access.payerUserId;
    throw access.refusal === 'payerSuspended' ? new Problem('suspended') : logsAccessProblem(access.refusal);
  }
}
