import type { EventData, EventType, LoggedEvent } from '@tollgate/contracts';
import { memberRef } from './directory-entries.js';
import type { EntryKind, EntryOf } from './directory-entries.js';

/**
 * One field of one entry as one event sets it. The rule of the fold is: per field the highest position wins. So events
 * may come twice, late and in any order, and a body needs nothing but "set this field unless it holds a newer position"
 * (in Redis: one hash per entry, one script). Values are plain JSON.
 *
 * Positions compare only within one source; that is enough, since all events of an entry come from the source that owns it.
 */
export interface FieldChange {
  kind: EntryKind;
  id: string;
  field: string;
  value: unknown;
  position: bigint;
}

/** The id of the one `prices` entry. */
export const ALL_PRICES = 'all';

interface EntryChange {
  kind: EntryKind;
  id: string;
  fields: Record<string, unknown>;
}
type FieldsOf<T extends EventType> = (data: EventData<T>) => EntryChange | EntryChange[];

const user = (userId: string, fields: Partial<EntryOf['user']>) => ({ kind: 'user' as const, id: userId, fields });
const workspace = (workspaceId: string, fields: Partial<EntryOf['workspace']>) => ({
  kind: 'workspace' as const,
  id: workspaceId,
  fields,
});
/** A member is one field: null is "no member", which is how a removed one stays removed when older events come late. */
const member = (of: { workspaceId: string; userId: string }, role: EntryOf['member']['role'] | null) => [
  { kind: 'member' as const, id: memberRef(of.workspaceId, of.userId), fields: { role } },
  { kind: 'memberships' as const, id: of.userId, fields: { [of.workspaceId]: role } },
];
const msOf = (instant: string | null) => (instant === null ? null : Date.parse(instant));
const key = (digest: string, fields: Partial<EntryOf['key']>) => ({ kind: 'key' as const, id: digest, fields });
const workflow = (workflowId: string, fields: Partial<EntryOf['workflow']>) => ({
  kind: 'workflow' as const,
  id: workflowId,
  fields,
});
const mcpServer = (serverId: string, fields: Partial<EntryOf['mcpServer']>) => ({
  kind: 'mcpServer' as const,
  id: serverId,
  fields,
});

/** What each event says of which entry. A type that is not here says nothing to the directory. */
const FOLDS: { [T in EventType]?: FieldsOf<T> } = {
  UserRegistered: ({ userId, email, name, plan }) =>
    user(userId, { email, name, plan, suspended: false, usageLimitMicros: null }),
  UserSuspended: ({ userId }) => user(userId, { suspended: true }),
  UserReinstated: ({ userId }) => user(userId, { suspended: false }),
  PlanChanged: ({ userId, plan }) => user(userId, { plan }),
  UsageLimitChanged: ({ userId, limitMicros }) => user(userId, { usageLimitMicros: limitMicros }),

  WorkspaceCreated: ({ workspaceId, name, ownerId, billedAccountUserId, allowPersonalApiKeys }) =>
    workspace(workspaceId, { name, ownerId, billedAccountUserId, allowPersonalApiKeys }),
  WorkspaceRenamed: ({ workspaceId, name }) => workspace(workspaceId, { name }),
  PersonalKeysAllowed: ({ workspaceId }) => workspace(workspaceId, { allowPersonalApiKeys: true }),
  PersonalKeysDisallowed: ({ workspaceId }) => workspace(workspaceId, { allowPersonalApiKeys: false }),
  BilledAccountChanged: ({ workspaceId, billedAccountUserId }) => workspace(workspaceId, { billedAccountUserId }),
  MemberAdded: (data) => member(data, data.role),
  MemberRoleChanged: (data) => member(data, data.role),
  MemberRemoved: (data) => member(data, null),

  // `revoked` is set by KeyRevoked alone and by nothing unset: no order of events brings a revoked key back.
  KeyCreated: ({ digest, keyId, kind, name, ownerId, workspaceId, expiresAt }) =>
    key(digest, { keyId, kind, name, ownerId, workspaceId, expiresAtMs: msOf(expiresAt) }),
  // An entry of its own beside the former ones, which go on for gateways that do not know the newer pepper yet: so
  // there is no moment in which a key is not found. What is said of the key from then on is said of all of its entries.
  KeyRedigested: ({ digest, keyId, kind, name, ownerId, workspaceId, expiresAt }) =>
    key(digest, { keyId, kind, name, ownerId, workspaceId, expiresAtMs: msOf(expiresAt) }),
  KeyRenamed: ({ digest, formerDigests = [], name }) => [digest, ...formerDigests].map((each) => key(each, { name })),
  KeyRevoked: ({ digest, formerDigests = [] }) =>
    [digest, ...formerDigests].map((each) => key(each, { revoked: true })),

  WorkflowCreated: ({ workflowId, workspaceId, name, description }) =>
    workflow(workflowId, { workspaceId, name, description, needsRedeployment: false, deployment: null }),
  WorkflowUpdated: ({ workflowId, name, description, needsRedeployment }) =>
    workflow(workflowId, { name, description, needsRedeployment }),
  WorkflowDeployed: ({ workflowId, name, deploymentVersionId, deployedAt, runner, inputSchema }) =>
    workflow(workflowId, {
      needsRedeployment: false,
      deployment: { versionId: deploymentVersionId, name, deployedAt, runner, inputSchema },
    }),
  WorkflowUndeployed: ({ workflowId }) => workflow(workflowId, { needsRedeployment: false, deployment: null }),
  // A tombstone like a key's: nothing unsets it.
  WorkflowDeleted: ({ workflowId }) => workflow(workflowId, { deleted: true }),

  McpServerCreated: ({ serverId, workspaceId, name, description, isPublic, creatorId, workflowIds }) =>
    mcpServer(serverId, { workspaceId, name, description, isPublic, creatorId, workflowIds }),
  McpServerUpdated: ({ serverId, name, description, isPublic, workflowIds }) =>
    mcpServer(serverId, { name, description, isPublic, workflowIds }),
  McpServerDeleted: ({ serverId }) => mcpServer(serverId, { deleted: true }),

  PricePlanChanged: ({ priceId, from, basePerRunMicros }) => ({
    kind: 'prices',
    id: ALL_PRICES,
    fields: { [priceId]: { fromMs: Date.parse(from), basePerRunMicros } },
  }),
};

/** The fields that an event sets; none for events that say nothing about who may do what. */
export function changesOf(event: LoggedEvent): FieldChange[] {
  const fold = FOLDS[event.type] as FieldsOf<EventType> | undefined;
  if (!fold) return [];
  const { position } = event;
  return [fold(event.data)]
    .flat()
    .flatMap(({ kind, id, fields }) =>
      Object.entries(fields).map(([field, value]) => ({ kind, id, field, value, position })),
    );
}

/** A field that only the entry's first event sets: without it nothing but late news of an entry is known yet. */
const BIRTH_FIELD = {
  user: 'email',
  workspace: 'ownerId',
  member: 'role',
  key: 'keyId',
  workflow: 'workspaceId',
  mcpServer: 'workspaceId',
};
/** What nothing unsets, as long as it is not set. */
const TOMBSTONE: Partial<Record<EntryKind, object>> = {
  key: { revoked: false },
  workflow: { deleted: false },
  mcpServer: { deleted: false },
};

/**
 * The frozen entry that a set of fields makes, or undefined while its first event has not come (a key revoked before
 * its creation was heard of is unknown, and revoked from the moment it is known) or when it is gone: a removed member,
 * a deleted workflow or MCP server.
 */
export function entryOf<K extends EntryKind>(kind: K, fields: ReadonlyMap<string, unknown>): EntryOf[K] | undefined;
export function entryOf(kind: EntryKind, fields: ReadonlyMap<string, unknown>): EntryOf[EntryKind] | undefined {
  if (kind === 'prices') return freezeDeeply({ prices: Object.fromEntries(fields) }) as EntryOf['prices'];
  if (kind === 'memberships') return freezeDeeply({ roles: Object.fromEntries(fields) }) as EntryOf['memberships'];
  if ((fields.get(BIRTH_FIELD[kind]) ?? null) === null || fields.get('deleted') === true) return undefined;
  return freezeDeeply({ ...TOMBSTONE[kind], ...Object.fromEntries(fields) }) as unknown as EntryOf[EntryKind];
}

function freezeDeeply<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freezeDeeply(inner);
  return Object.freeze(value);
}
