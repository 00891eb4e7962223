import {
  Admission,
  type AdmissionAnswer,
  AccessSettings,
  type BucketState,
  type Caller,
  decideWorkspaceAccess,
  type Deployment,
  Directory,
  executeAccessProblem,
  memberRef,
  priceInForce,
  type UserEntry,
} from '@tollgate/access';
import { newId } from '@tollgate/api-key';
import { Problem, RUN_ID_PREFIX } from '@tollgate/contracts';
import { Clock, PlansInForce } from '@tollgate/service-kit';
import { Injectable } from '@nestjs/common';
import { GatewaySpool } from '../spool/gateway-spool.js';
import { RunRecorder } from './run-recorder.js';
import type { RunParty } from './run-events.js';
import {
  atCapacity,
  executionIdConflict,
  overBudget,
  rateLimited,
  tooManyConcurrent,
  unavailable,
} from './execute-answers.js';
import type { ExecuteRequest } from './execute-request.js';

/** Most runs under way in one process; beyond it the whole server says that it is busy (contract B3.1). */
export const RUNS_UNDER_WAY_MAX = 2_000;

/** A run that may start: who pays for what, under which limits. */
export interface AdmittedRun {
  runId: string;
  claimed: boolean;
  party: RunParty;
  deployment: Deployment;
  priceId: string;
  baseMicros: number;
  rate: BucketState | null;
  /** The plan's limit for a synchronous run, in milliseconds. */
  timeoutMs: number;
  startedAtMs: number;
}

/** What came with the request and goes into the log. */
export interface RunClient {
  requestId: string;
  userAgent: string | undefined;
  clientInfo: string | undefined;
}

/** Longest a run may take where the plan sets no limit, in milliseconds. */
const NO_LIMIT_MS = 24 * 60 * 60 * 1000;

/**
 * Decides whether a run may start, in contract B3.1's order: workflow, access, trigger, run id, deployed, suspended,
 * budget, rate, concurrency. Asks the directory and the counters alone: no database is on this way.
 */
@Injectable()
export class AdmitRun {
  constructor(
    private readonly directory: Directory,
    private readonly admission: Admission,
    private readonly settings: AccessSettings,
    private readonly plans: PlansInForce,
    private readonly spool: GatewaySpool,
    private readonly recorder: RunRecorder,
    private readonly clock: Clock,
  ) {}

  /** Throws the Problem of a refusal; `DirectoryUnavailable` when the truth cannot be had. Admitted: end it by `RunRecorder`. */
  async admit(caller: Caller, workflowId: string, request: ExecuteRequest, client: RunClient): Promise<AdmittedRun> {
    const party = await this.partyOf(caller, workflowId);
    if (request.overridesTrigger) {
      throw new Problem('badRequest', { text: 'External callers cannot override triggerType' });
    }
    const startedAtMs = this.clock.nowMs();
    const payer = await this.directory.read('user', party.payerUserId);
    if (!payer) throw unavailable('the payer is not known to the directory yet');
    const { priceId, basePerRunMicros } = priceInForce(await this.directory.read('prices', 'all'), startedAtMs);
    const runId = request.executionId ?? RUN_ID_PREFIX + newId();
    const claimed = request.executionId !== undefined;
    if (claimed && (runId.startsWith(RUN_ID_PREFIX) || this.spool.isClaimed(runId))) throw executionIdConflict(runId);
    const refusal = this.spool.refusal(this.recorder.underWay);
    if (refusal !== undefined) throw unavailable(refusal);
    if (this.recorder.underWay >= RUNS_UNDER_WAY_MAX) throw atCapacity();
    const { deployment } = party.workflow;
    const answer = await this.admission.admit({
      runId,
      runIdClaimed: claimed,
      payerUserId: party.payerUserId,
      plan: payer.plan,
      usageLimitMicros: payer.usageLimitMicros,
      bucketId: party.payerUserId,
      bucket: 'sync',
      reserveMicros: basePerRunMicros,
      nowMs: startedAtMs,
      ...precheckOf(deployment, payer),
    });
    if (answer.outcome !== 'admitted' || !deployment) {
      await this.refuse(answer, { runId, party, priceId, startedAtMs, inputJson: request.inputJson, client });
      throw new Error('an answer that refuses nothing');
    }
    const timeoutMs = this.plans.limits[payer.plan].syncTimeoutMs ?? NO_LIMIT_MS;
    return {
      runId,
      claimed,
      party,
      deployment,
      priceId,
      baseMicros: basePerRunMicros,
      rate: answer.rate,
      timeoutMs,
      startedAtMs,
    };
  }

  private async partyOf(caller: Caller, workflowId: string): Promise<RunParty> {
    const { directory } = this;
    const workflow = await directory.read('workflow', workflowId);
    if (!workflow) throw new Problem('notFound', { text: 'Workflow not found' });
    const { workspaceId } = workflow;
    const workspace = await directory.read('workspace', workspaceId);
    const member =
      caller.ownerId === null ? undefined : await directory.read('member', memberRef(workspaceId, caller.ownerId));
    const { payerRule } = this.settings;
    const access = decideWorkspaceAccess({ caller, workspaceId, workspace, member, needed: 'read', payerRule });
    if (!access.allowed) throw executeAccessProblem(access.refusal);
    if (!workspace) throw new Error('access was given to a workspace that is not there');
    const { actorUserId, payerUserId } = access;
    return { caller, workflowId, workflow, workspace, actorUserId, payerUserId, payerRule: access.payerRule };
  }

  /** Throws. What contract B3.1 wants logged (402, 429, suspended) is in the spool before the answer leaves. */
  private async refuse(answer: AdmissionAnswer, run: RefusedRun): Promise<void> {
    const problem = refusalOf(answer, run.runId);
    if (LOGGED.has(answer.outcome)) await this.recorder.recordRefusal(run, problem);
    throw problem;
  }
}

export interface RefusedRun {
  runId: string;
  party: RunParty;
  priceId: string;
  startedAtMs: number;
  inputJson: string;
  client: RunClient;
}

/** Refusals that leave an error in the log at zero cost (contract B3.1 "Side effects"). */
const LOGGED: ReadonlySet<AdmissionAnswer['outcome']> = new Set([
  'suspended',
  'overBudget',
  'rateLimited',
  'tooManyConcurrent',
]);

function precheckOf(deployment: Deployment | null, payer: UserEntry): { precheck?: 'notDeployed' | 'suspended' } {
  if (!deployment) return { precheck: 'notDeployed' };
  return payer.suspended ? { precheck: 'suspended' } : {};
}

function refusalOf(answer: AdmissionAnswer, runId: string): Problem {
  switch (answer.outcome) {
    case 'runIdUsed':
      return executionIdConflict(runId);
    case 'notDeployed':
      return new Problem('notDeployed');
    case 'suspended':
      return new Problem('suspended');
    case 'overBudget':
      return overBudget(answer.usedMicros, answer.limitMicros);
    case 'rateLimited':
      return rateLimited(answer.rate, answer.retryAfterSeconds);
    case 'tooManyConcurrent':
      return tooManyConcurrent(answer.rate, answer.retryAfterSeconds);
    case 'noRoom':
      return new Problem('unavailable', { retryAfterSeconds: answer.retryAfterSeconds });
    case 'admitted':
      return new Problem('notDeployed');
  }
}
