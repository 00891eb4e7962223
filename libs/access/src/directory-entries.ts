import type { DeployedRunner, KeyKind, Plan, Role } from '@tollgate/contracts';

/** What the directory answers, by kind and id. All of it is what a gateway needs to admit a caller; no secret is in it. */
export interface UserEntry {
  email: string;
  name: string;
  plan: Plan;
  suspended: boolean;
  /** The operator's own limit for this person, in micro-dollars; null: the plan's. */
  usageLimitMicros: number | null;
}

export interface WorkspaceEntry {
  name: string;
  ownerId: string;
  billedAccountUserId: string;
  allowPersonalApiKeys: boolean;
}

export interface MemberEntry {
  role: Role;
}

/** By digest. A revoked key stays as a tombstone (`revoked`), so that a late event cannot bring it back. */
export interface KeyEntry {
  keyId: string;
  kind: KeyKind;
  name: string;
  ownerId: string | null;
  workspaceId: string | null;
  expiresAtMs: number | null;
  revoked: boolean;
}

export interface WorkflowEntry {
  workspaceId: string;
  name: string;
  description: string | null;
  needsRedeployment: boolean;
  deleted: boolean;
  /** Null while not deployed. */
  deployment: Deployment | null;
}

/** The snapshot that runs use; a change of the draft does not touch it. */
export interface Deployment {
  versionId: string;
  name: string;
  deployedAt: string;
  runner: DeployedRunner;
  inputSchema: Record<string, unknown> | null;
}

/** An MCP server: which workflows a workspace offers as tools, and whether to anybody. */
export interface McpServerEntry {
  workspaceId: string;
  name: string;
  description: string | null;
  isPublic: boolean;
  /** The person as whom a public server's calls run. */
  creatorId: string;
  workflowIds: readonly string[];
  deleted: boolean;
}

/** A person's roles by workspace id; null where he was a member once. */
export interface MembershipsEntry {
  roles: Record<string, Role | null>;
}

/** All prices ever announced, by id; `price-book.ts` picks the one in force. */
export interface PricesEntry {
  prices: Record<string, { fromMs: number; basePerRunMicros: number }>;
}

export interface EntryOf {
  user: UserEntry;
  workspace: WorkspaceEntry;
  /** Id: `memberRef(workspaceId, userId)`. */
  member: MemberEntry;
  /** Id: the key's look-up digest. */
  key: KeyEntry;
  workflow: WorkflowEntry;
  mcpServer: McpServerEntry;
  /** Id: the person's. What `member` says, seen from the person. */
  memberships: MembershipsEntry;
  /** One entry, id `all`. */
  prices: PricesEntry;
}

export type EntryKind = keyof EntryOf;

const KINDS: Record<EntryKind, true> = {
  user: true,
  workspace: true,
  member: true,
  key: true,
  workflow: true,
  mcpServer: true,
  memberships: true,
  prices: true,
};
/** Every kind of entry there is. */
export const ENTRY_KINDS = Object.keys(KINDS) as EntryKind[];

export function memberRef(workspaceId: string, userId: string): string {
  return `${workspaceId}/${userId}`;
}
