import type { Caller } from '@tollgate/access';

/** Anybody, through a public MCP server: acts as the person who made it; no key is there, so the workspace pays. */
export interface PublicCaller {
  kind: 'public';
  /** The person as whom he acts, who must be a member still. */
  ownerId: string;
}

/** Who may ask for a run. */
export type RunCaller = Caller | PublicCaller;
