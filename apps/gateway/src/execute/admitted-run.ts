import type { AdmissionStage, BucketState, Deployment } from '@tollgate/access';
import type { Trigger } from '@tollgate/contracts';
import type { RunClient } from '../runs/run-client.js';
import type { RunParty } from './run-events.js';

/** What a workflow is given. */
export interface RunInput {
  input: Record<string, unknown>;
  /** The same as JSON text. */
  inputJson: string;
}

/** What is asked for, apart from who asks. */
export interface RunAsked extends RunInput {
  /** The run id that the caller chose, if he did. */
  executionId: string | undefined;
  /** The body names a trigger that is not the surface's own. */
  overridesTrigger: boolean;
}

/** The ids of a run that were fixed before it was admitted. */
export interface FixedRun {
  runId: string;
  eventKey: string;
  /** It may have been begun before, by a gateway that was lost. */
  again: boolean;
  /** Asked right before admission. Throws when somebody else may have taken the run over since. */
  assertHeld(): void;
}

/** In which way a run is to start; what differs between surfaces and modes. */
export interface RunMode {
  trigger: Trigger;
  /** Whose token it takes: v1 debits `sync` for all runs, v2 `async` for queued ones (contract B4). */
  bucket: 'sync' | 'async';
  stage: AdmissionStage;
  /** Ids that were fixed before, so that a run which is begun again is logged and billed once. */
  fixed?: FixedRun;
  /** Asked time limit; the plan's is never exceeded. */
  timeoutMs?: number;
}

/** A run that its caller waits for. */
export const AT_ONCE: RunMode = Object.freeze({ trigger: 'api', bucket: 'sync', stage: 'run' });

/** A run that may start: who pays for what, under which limits. */
export interface AdmittedRun {
  admitted: true;
  runId: string;
  /** The caller chose the id. */
  claimed: boolean;
  /** What the ids of its events begin with. A caller may choose the id of a run, another tenant or another day the same. */
  eventKey: string;
  trigger: Trigger;
  party: RunParty;
  deployment: Deployment;
  priceId: string;
  baseMicros: number;
  rate: BucketState | null;
  /** The plan's limit for this run, in milliseconds. */
  timeoutMs: number;
  startedAtMs: number;
  /** When it was admitted, where that was not when it started: price and billing period are of that instant. */
  admittedAtMs?: number;
}

/** What is left of an admitted run when it is performed, maybe long after and elsewhere. */
export type PerformableRun = Omit<AdmittedRun, 'admitted' | 'party' | 'rate'> & {
  party: Pick<RunParty, 'json' | 'payerUserId' | 'payerRule' | 'workflowId'> & { workflow: { workspaceId: string } };
};

/** An attempt that was refused and is logged. */
export interface RefusedAttempt {
  party: RunParty;
  startedAtMs: number;
  inputJson: string;
  client: RunClient;
  trigger: Trigger;
}
