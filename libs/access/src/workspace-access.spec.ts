import type { Role } from '@tollgate/contracts';
import type { MemberEntry, WorkspaceEntry } from './directory-entries.js';
import type { Caller } from './key-authenticator.js';
import { decidePayer, decideWorkspaceAccess, roleReaches } from './workspace-access.js';

const named = { kind: 'key', keyId: 'k', keyName: 'n' } as const;
const personal: Caller = { ...named, keyKind: 'personal', ownerId: 'owner', workspaceId: null };
const shared: Caller = { ...named, keyKind: 'workspace', ownerId: null, workspaceId: 'w1' };
const open: WorkspaceEntry = { name: 'W', ownerId: 'boss', billedAccountUserId: 'payer', allowPersonalApiKeys: true };
const closed: WorkspaceEntry = { ...open, allowPersonalApiKeys: false };

interface Row {
  caller: Caller;
  workspace?: WorkspaceEntry;
  role?: Role;
  needed: Role;
  workspaceId?: string;
  outcome: string;
}

const rows: Row[] = [
  { caller: personal, workspace: open, role: 'read', needed: 'read', outcome: 'read' },
  { caller: personal, workspace: open, role: 'write', needed: 'read', outcome: 'write' },
  { caller: personal, workspace: open, role: 'admin', needed: 'admin', outcome: 'admin' },
  { caller: personal, workspace: open, role: 'read', needed: 'write', outcome: 'insufficientRole' },
  { caller: personal, workspace: open, role: 'write', needed: 'admin', outcome: 'insufficientRole' },
  { caller: personal, workspace: open, needed: 'read', outcome: 'notMember' },
  { caller: personal, workspace: closed, role: 'admin', needed: 'read', outcome: 'personalKeysDisabled' },
  { caller: personal, workspace: closed, role: 'read', needed: 'write', outcome: 'insufficientRole' },
  { caller: personal, workspace: closed, needed: 'read', outcome: 'notMember' },
  { caller: personal, needed: 'read', outcome: 'workspaceUnknown' },
  { caller: shared, workspace: open, needed: 'read', outcome: 'write' },
  { caller: shared, workspace: open, needed: 'write', outcome: 'write' },
  { caller: shared, workspace: open, needed: 'admin', outcome: 'insufficientRole' },
  { caller: shared, workspace: closed, needed: 'write', outcome: 'write' },
  { caller: shared, workspace: open, role: 'admin', needed: 'admin', outcome: 'insufficientRole' },
  { caller: shared, workspace: open, workspaceId: 'w2', needed: 'read', outcome: 'foreignWorkspaceKey' },
  { caller: shared, workspaceId: 'w2', needed: 'read', outcome: 'foreignWorkspaceKey' },
  { caller: shared, needed: 'read', outcome: 'workspaceUnknown' },
];

describe('access to a workspace', () => {
  it.each(rows)(
    '$caller.keyKind key, role $role, needs $needed, personal keys $workspace.allowPersonalApiKeys: $outcome',
    ({ caller, workspace, role, needed, workspaceId = 'w1', outcome }) => {
      const member: MemberEntry | undefined = role && { role };
      const access = decideWorkspaceAccess({ caller, workspaceId, workspace, member, needed, payerRule: 'key-type' });
      expect(access.allowed ? access.effectiveRole : access.refusal).toBe(outcome);
    },
  );

  it('says who acts, who pays and by which rule', () => {
    const question = { workspaceId: 'w1', workspace: open, member: { role: 'read' }, needed: 'read' } as const;
    expect(decideWorkspaceAccess({ ...question, caller: personal, payerRule: 'key-type' })).toEqual({
      allowed: true,
      actorUserId: 'owner',
      payerUserId: 'owner',
      payerRule: 'key-type',
      effectiveRole: 'read',
    });
    expect(decideWorkspaceAccess({ ...question, caller: shared, payerRule: 'workspace' })).toEqual({
      allowed: true,
      actorUserId: null,
      payerUserId: 'payer',
      payerRule: 'workspace',
      effectiveRole: 'write',
    });
  });

  it.each([
    ['key-type', personal, 'owner'],
    ['key-type', shared, 'payer'],
    ['workspace', personal, 'payer'],
    ['workspace', shared, 'payer'],
  ] as const)('under the rule %s bills the right account', (rule, caller, payer) => {
    expect(decidePayer({ rule, caller, workspace: open })).toBe(payer);
  });

  it('ranks roles', () => {
    const roles = ['read', 'write', 'admin'] as const;
    for (const [rank, role] of roles.entries()) {
      expect(roles.map((needed) => roleReaches(role, needed))).toEqual(roles.map((_, needed) => needed <= rank));
    }
  });
});
