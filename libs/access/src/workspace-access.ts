import type { PayerRule, Role } from '@tollgate/contracts';
import type { MemberEntry, WorkspaceEntry } from './directory-entries.js';
import type { Caller } from './key-authenticator.js';

/** Why a key may not do something in a workspace; `refusals.ts` words it for each route. */
export type AccessRefusal =
  'workspaceUnknown' | 'notMember' | 'insufficientRole' | 'personalKeysDisabled' | 'foreignWorkspaceKey';

export interface AccessQuestion {
  caller: Caller;
  workspaceId: string;
  /** The directory's entry of `workspaceId`. */
  workspace: WorkspaceEntry | undefined;
  /** The entry of a personal key's owner in it (`memberRef(workspaceId, caller.ownerId)`); unused for workspace keys. */
  member: MemberEntry | undefined;
  needed: Role;
  /** `PAYER_RULE`. */
  payerRule: PayerRule;
}

export type WorkspaceAccess =
  | {
      allowed: true;
      /** The person who acts; null for a workspace key, which acts as its workspace (contract A6 "Who a W is"). */
      actorUserId: string | null;
      payerUserId: string;
      payerRule: PayerRule;
      effectiveRole: Role;
    }
  | { allowed: false; refusal: AccessRefusal };

const RANK: Record<Role, number> = { read: 1, write: 2, admin: 3 };

/** The most that a workspace key can ever do, whoever made it (contract A6, B2). */
export const WORKSPACE_KEY_ROLE: Role = 'write';

/**
 * May this key act in this workspace, as whom, and who pays? (Contract A1 rows 1 and 2, A6 "Who a W is", B2, B2.1.)
 *
 * The order is B3.1's: first access, then the key's scope and the switch. So nobody learns from a key that he may not use
 * how a workspace that he may not see is set up. A workspace key is asked for its scope before anything else, which
 * makes an unknown workspace and a foreign one look alike to it.
 */
export function decideWorkspaceAccess(question: AccessQuestion): WorkspaceAccess {
  const { caller, workspace, member, needed, payerRule } = question;
  const personal = caller.keyKind === 'personal';
  if (!personal && caller.workspaceId !== question.workspaceId) return refuse('foreignWorkspaceKey');
  if (!workspace) return refuse('workspaceUnknown');
  if (personal && !member) return refuse('notMember');
  const effectiveRole = member && personal ? member.role : WORKSPACE_KEY_ROLE;
  if (RANK[effectiveRole] < RANK[needed]) return refuse('insufficientRole');
  if (personal && !workspace.allowPersonalApiKeys) return refuse('personalKeysDisabled');
  return {
    allowed: true,
    actorUserId: personal ? caller.ownerId : null,
    payerUserId: decidePayer({ rule: payerRule, caller, workspace }),
    payerRule,
    effectiveRole,
  };
}

/**
 * Who pays for a run of this key (contract A1 row 1): under `key-type` a personal key bills its owner and a workspace key
 * the workspace's billed account; under `workspace` it is always the latter.
 */
export function decidePayer(of: { rule: PayerRule; caller: Caller; workspace: WorkspaceEntry }): string {
  const owner = of.caller.keyKind === 'personal' ? of.caller.ownerId : null;
  return of.rule === 'key-type' && owner !== null ? owner : of.workspace.billedAccountUserId;
}

/** Whether a role is at least another. */
export function roleReaches(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed];
}

function refuse(refusal: AccessRefusal): WorkspaceAccess {
  return { allowed: false, refusal };
}
