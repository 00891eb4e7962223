import type { EventData, EventType, LoggedEvent } from '@tollgate/contracts';

const actor = { type: 'user', id: 'u1' } as const;

/** A digest-shaped text for a name. */
export function digestNamed(name: string): string {
  return Buffer.from(name).toString('hex').padStart(64, '0');
}

let count = 0;

/** An event in the log. */
export function logged<T extends EventType>(
  position: number,
  type: T,
  data: Omit<EventData<T>, 'actor'>,
): LoggedEvent<EventType> {
  count += 1;
  return {
    id: `e${count}`,
    type,
    source: '/tollgate/keys',
    subject: 's',
    time: '2026-11-01T00:00:00.000Z',
    data: { actor, ...data },
    position: BigInt(position),
  } as unknown as LoggedEvent;
}

/** The story of one workspace, from the first event to the last, in the order of the log. */
export function story(): LoggedEvent[] {
  const w = { workspaceId: 'w1' };
  const f = { workflowId: 'f1', workspaceId: 'w1' };
  const personal = { digest: digestNamed('personal'), keyId: 'k1' };
  const shared = { digest: digestNamed('shared'), keyId: 'k2' };
  const moved = { digest: digestNamed('moved'), keyId: 'k3' };
  const anew = { ...moved, digest: digestNamed('anew') };
  const runner = { kind: 'expression', expression: '$' } as const;
  const offered = { serverId: 's1', workspaceId: 'w1', workflowIds: ['f1'], description: null };
  const key = { name: 'first', displayKey: 'sk-sim-...abcd', expiresAt: null };
  return [
    logged(1, 'UserRegistered', { userId: 'u1', email: 'a@example.com', name: 'A', plan: 'free' }),
    logged(2, 'UserRegistered', { userId: 'u2', email: 'b@example.com', name: 'B', plan: 'free' }),
    logged(3, 'WorkspaceCreated', {
      ...w,
      name: 'W',
      ownerId: 'u1',
      billedAccountUserId: 'u1',
      allowPersonalApiKeys: true,
    }),
    logged(4, 'MemberAdded', { ...w, userId: 'u1', role: 'admin' }),
    logged(5, 'MemberAdded', { ...w, userId: 'u2', role: 'read' }),
    logged(6, 'KeyCreated', { ...personal, ...key, kind: 'personal', ownerId: 'u2', workspaceId: null }),
    logged(7, 'KeyCreated', { ...shared, ...key, kind: 'workspace', ownerId: null, workspaceId: 'w1' }),
    logged(8, 'MemberRoleChanged', { ...w, userId: 'u2', role: 'write' }),
    logged(9, 'PersonalKeysDisallowed', w),
    logged(10, 'KeyRenamed', { ...shared, name: 'renamed' }),
    logged(11, 'WorkflowCreated', { ...f, name: 'F', description: null }),
    logged(12, 'WorkflowDeployed', {
      ...f,
      name: 'F',
      deploymentVersionId: 'v1',
      deployedAt: '2026-11-01T00:00:00.000Z',
      runner,
      inputSchema: null,
    }),
    logged(13, 'WorkflowUpdated', { ...f, name: 'F2', description: 'more', needsRedeployment: true }),
    logged(14, 'MemberRemoved', { ...w, userId: 'u2' }),
    logged(15, 'PersonalKeysAllowed', w),
    logged(16, 'UserSuspended', { userId: 'u2' }),
    logged(17, 'PlanChanged', { userId: 'u1', plan: 'pro' }),
    logged(18, 'KeyRevoked', { ...personal, revokedAt: '2026-11-02T00:00:00.000Z' }),
    logged(19, 'MemberAdded', { ...w, userId: 'u2', role: 'admin' }),
    logged(20, 'BilledAccountChanged', { ...w, billedAccountUserId: 'u2' }),
    logged(21, 'UsageLimitChanged', { userId: 'u1', limitMicros: 7_000_000 }),
    logged(22, 'UserReinstated', { userId: 'u2' }),
    logged(23, 'PricePlanChanged', { priceId: 'p1', from: '2026-12-01T00:00:00.000Z', basePerRunMicros: 6_000 }),
    logged(24, 'WorkflowCreated', { workflowId: 'f2', workspaceId: 'w1', name: 'gone', description: null }),
    logged(25, 'WorkflowDeleted', { workflowId: 'f2', workspaceId: 'w1' }),
    logged(26, 'WorkspaceRenamed', { ...w, name: 'W2' }),
    logged(27, 'MemberInvited', { ...w, invitationId: 'i1', email: 'c@example.com', role: 'read' }),
    logged(28, 'WorkflowUndeployed', f),
    logged(29, 'McpServerCreated', { ...offered, name: 'S', isPublic: true, creatorId: 'u1' }),
    logged(30, 'McpServerUpdated', { ...offered, name: 'S2', isPublic: false }),
    logged(31, 'McpServerDeleted', { serverId: 's2', workspaceId: 'w1' }),
    logged(32, 'MemberRemoved', { workspaceId: 'w2', userId: 'u2' }),
    logged(33, 'KeyCreated', { ...moved, ...key, kind: 'workspace', ownerId: null, workspaceId: 'w1' }),
    logged(34, 'KeyRedigested', {
      ...{ ...anew, formerDigests: [moved.digest], kind: 'workspace', name: 'first' },
      ...{ ownerId: null, workspaceId: 'w1', expiresAt: null },
    }),
    logged(35, 'KeyRenamed', { ...anew, formerDigests: [moved.digest], name: 'second' }),
    logged(36, 'KeyRevoked', { ...anew, formerDigests: [moved.digest], revokedAt: '2026-11-03T00:00:00.000Z' }),
  ];
}

/** A key of a workspace's, made and revoked. */
export const KEY = digestNamed('one');
export const created = logged(1, 'KeyCreated', {
  digest: KEY,
  keyId: 'k1',
  kind: 'workspace',
  name: 'first',
  ownerId: null,
  workspaceId: 'w1',
  displayKey: '…',
  expiresAt: null,
});
export const revoked = logged(2, 'KeyRevoked', { digest: KEY, keyId: 'k1', revokedAt: '2026-11-01T00:00:00.000Z' });
