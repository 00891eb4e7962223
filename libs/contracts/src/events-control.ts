import { z } from 'zod';

/** Control plane: who exists, who may what, what it costs. Each event is a fact; a secret or ciphertext is in none. */
const id = z.string().min(1).max(128);
const at = z.iso.datetime();
const micros = z.int().min(0);

export const roleSchema = z.enum(['admin', 'write', 'read']);
export type Role = z.infer<typeof roleSchema>;

export const keyKindSchema = z.enum(['personal', 'workspace']);
export type KeyKind = z.infer<typeof keyKindSchema>;

export const planSchema = z.enum(['free', 'pro', 'max', 'team', 'enterprise']);
export type Plan = z.infer<typeof planSchema>;

/** Who caused a control-plane change; every control event carries one, for the audit. */
export const actorSchema = z.object({ type: z.enum(['user', 'operator', 'system']), id: z.string().max(128) });
export type Actor = z.infer<typeof actorSchema>;

const by = { actor: actorSchema };
const ofUser = { userId: id, ...by };
const ofWorkspace = { workspaceId: id, ...by };
const ofMember = { workspaceId: id, userId: id, ...by };
const digest = z.string().regex(/^[0-9a-f]{64}$/);
const ofKey = { keyId: id, digest, ...by };
/** As many digests of a key as there may be peppers in use: nobody looks it up by an older one. */
export const FORMER_DIGESTS_MAX = 16;
/** What the key was known by under earlier peppers, newest first: it may be looked up by these, too. */
const formerDigests = z.array(digest).max(FORMER_DIGESTS_MAX);
const ofKnownKey = { ...ofKey, formerDigests: formerDigests.optional() };
const ofWorkflow = { workflowId: id, workspaceId: id, ...by };
const ofMcpServer = { serverId: id, workspaceId: id, ...by };
const offered = {
  name: z.string(),
  description: z.string().nullable(),
  isPublic: z.boolean(),
  workflowIds: z.array(id),
};

/**
 * What a deployed workflow runs. Headers and the signing secret of an `http` runner are secrets: the event names only
 * which deployment version they belong to, the gateway service keeps them sealed.
 */
export const deployedRunnerSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('expression'), expression: z.string() }),
  z.object({ kind: z.literal('http'), url: z.string(), timeoutMs: z.int().positive().optional() }),
]);
export type DeployedRunner = z.infer<typeof deployedRunnerSchema>;

export const CONTROL_EVENTS = {
  UserRegistered: {
    topic: 'users',
    data: z.object({ ...ofUser, email: z.string(), name: z.string(), plan: planSchema }),
  },
  UserSuspended: { topic: 'users', data: z.object({ ...ofUser }) },
  UserReinstated: { topic: 'users', data: z.object({ ...ofUser }) },
  PlanChanged: { topic: 'users', data: z.object({ ...ofUser, plan: planSchema }) },
  /** `limitMicros` null: back to the plan's own allowance. */
  UsageLimitChanged: { topic: 'users', data: z.object({ ...ofUser, limitMicros: micros.nullable() }) },

  WorkspaceCreated: {
    topic: 'workspaces',
    data: z.object({
      ...ofWorkspace,
      name: z.string(),
      ownerId: id,
      billedAccountUserId: id,
      allowPersonalApiKeys: z.boolean(),
    }),
  },
  WorkspaceRenamed: { topic: 'workspaces', data: z.object({ ...ofWorkspace, name: z.string() }) },
  PersonalKeysAllowed: { topic: 'workspaces', data: z.object({ ...ofWorkspace }) },
  PersonalKeysDisallowed: { topic: 'workspaces', data: z.object({ ...ofWorkspace }) },
  BilledAccountChanged: { topic: 'workspaces', data: z.object({ ...ofWorkspace, billedAccountUserId: id }) },
  MemberInvited: {
    topic: 'workspaces',
    data: z.object({ ...ofWorkspace, invitationId: id, email: z.string(), role: roleSchema }),
  },
  /** Called back by an admin before anybody took it up. */
  InvitationCancelled: {
    topic: 'workspaces',
    data: z.object({ ...ofWorkspace, invitationId: id, email: z.string() }),
  },
  MemberAdded: { topic: 'workspaces', data: z.object({ ...ofMember, role: roleSchema }) },
  MemberRoleChanged: { topic: 'workspaces', data: z.object({ ...ofMember, role: roleSchema }) },
  MemberRemoved: { topic: 'workspaces', data: z.object({ ...ofMember }) },

  KeyCreated: {
    topic: 'keys',
    data: z.object({
      ...ofKey,
      kind: keyKindSchema,
      name: z.string(),
      /** The owner of a personal key; null for a workspace key. */
      ownerId: id.nullable(),
      /** The workspace of a workspace key; null for a personal key. */
      workspaceId: id.nullable(),
      displayKey: z.string(),
      expiresAt: at.nullable(),
    }),
  },
  KeyRenamed: { topic: 'keys', data: z.object({ ...ofKnownKey, name: z.string() }) },
  KeyRevoked: { topic: 'keys', data: z.object({ ...ofKnownKey, revokedAt: at }) },
  /** `digest` is the new one. It tells all of the key, so that whoever knows keys by digest needs nothing else for it. */
  KeyRedigested: {
    topic: 'keys',
    data: z.object({
      ...ofKey,
      formerDigests: formerDigests.min(1),
      kind: keyKindSchema,
      name: z.string(),
      ownerId: id.nullable(),
      workspaceId: id.nullable(),
      expiresAt: at.nullable(),
    }),
  },

  WorkflowCreated: {
    topic: 'workflows',
    data: z.object({ ...ofWorkflow, name: z.string(), description: z.string().nullable() }),
  },
  WorkflowUpdated: {
    topic: 'workflows',
    data: z.object({
      ...ofWorkflow,
      name: z.string(),
      description: z.string().nullable(),
      needsRedeployment: z.boolean(),
    }),
  },
  WorkflowDeployed: {
    topic: 'workflows',
    data: z.object({
      ...ofWorkflow,
      name: z.string(),
      deploymentVersionId: id,
      deployedAt: at,
      runner: deployedRunnerSchema,
      inputSchema: z.record(z.string(), z.unknown()).nullable(),
    }),
  },
  WorkflowUndeployed: { topic: 'workflows', data: z.object({ ...ofWorkflow }) },
  WorkflowDeleted: { topic: 'workflows', data: z.object({ ...ofWorkflow }) },

  /** A workspace offers workflows as the tools of an MCP server; `actor` of the first event is its creator. */
  McpServerCreated: { topic: 'workflows', data: z.object({ ...ofMcpServer, ...offered, creatorId: id }) },
  McpServerUpdated: { topic: 'workflows', data: z.object({ ...ofMcpServer, ...offered }) },
  McpServerDeleted: { topic: 'workflows', data: z.object({ ...ofMcpServer }) },

  /** `from` is when it takes effect, never before it was announced: a bill does not change after the fact. */
  PricePlanChanged: { topic: 'prices', data: z.object({ priceId: id, from: at, basePerRunMicros: micros, ...by }) },
} as const;
