import {
  AccessSettings,
  Admission,
  type AdmissionAnswer,
  type AdmissionRequest,
  ALL_PRICES,
  andThen,
  type BucketState,
  type Caller,
  type Deployment,
  Directory,
  executeAccessProblem,
  memberRef,
  priceInForce,
  type PricesEntry,
  runBucketIdOf,
  type UserEntry,
} from '@tollgate/access';
import { newId } from '@tollgate/api-key';
import { Problem, RUN_ID_PREFIX } from '@tollgate/contracts';
import { Clock, PlansInForce } from '@tollgate/service-kit';
import { Injectable } from '@nestjs/common';
import { GatewaySpool } from '../spool/gateway-spool.js';
import { PartyBook } from './party-book.js';
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
  private readonly parties: PartyBook;

  constructor(
    private readonly directory: Directory,
    private readonly admission: Admission,
    settings: AccessSettings,
    private readonly plans: PlansInForce,
    private readonly spool: GatewaySpool,
    private readonly recorder: RunRecorder,
    private readonly clock: Clock,
  ) {
    this.parties = new PartyBook(settings);
  }

  /**
   * Throws, or rejects with, the Problem of a refusal, `DirectoryUnavailable` when the truth cannot be had. What it
   * admitted, `RunRecorder` ends. A value, not a promise, when directory and counters answer at once.
   */
  admit(
    caller: Caller,
    workflowId: string,
    request: ExecuteRequest,
    client: RunClient,
  ): AdmittedRun | Promise<AdmittedRun> {
    const { directory } = this;
    return andThen(this.partyOf(caller, workflowId), (party) => {
      if (request.overridesTrigger) {
        throw new Problem('badRequest', { text: 'External callers cannot override triggerType' });
      }
      return andThen(directory.read('user', party.payerUserId), (payer) =>
        andThen(directory.read('prices', ALL_PRICES), (prices) => {
          if (!payer) throw unavailable('the payer is not known to the directory yet');
          return this.decide({ party, payer, prices, request, client });
        }),
      );
    });
  }

  private partyOf(caller: Caller, workflowId: string): RunParty | Promise<RunParty> {
    const { directory } = this;
    return andThen(directory.read('workflow', workflowId), (workflow) => {
      if (!workflow) throw new Problem('notFound', { text: 'Workflow not found' });
      const { workspaceId } = workflow;
      const { ownerId } = caller;
      return andThen(directory.read('workspace', workspaceId), (workspace) =>
        andThen(ownerId === null ? undefined : directory.read('member', memberRef(workspaceId, ownerId)), (member) => {
          const party = this.parties.partyOf({ caller, workflowId, workflow, workspace, member });
          if (typeof party === 'string') throw executeAccessProblem(party);
          return party;
        }),
      );
    });
  }

  private decide(facts: Facts): AdmittedRun | Promise<AdmittedRun> {
    const { party, payer, request } = facts;
    const startedAtMs = this.clock.nowMs();
    const { priceId, basePerRunMicros } = priceInForce(facts.prices, startedAtMs);
    const claimed = request.executionId !== undefined;
    const runId = request.executionId ?? RUN_ID_PREFIX + newId();
    if (claimed && (runId.startsWith(RUN_ID_PREFIX) || this.spool.isClaimed(runId))) throw executionIdConflict(runId);
    const { underWay } = this.recorder;
    // Before budget and rate, against B3.1's order: their refusals are logged through the spool too, and an admitted
    // run that then had no room would have used up its id.
    const refusal = this.spool.refusal(underWay);
    if (refusal !== undefined) throw unavailable(refusal);
    if (underWay >= RUNS_UNDER_WAY_MAX) throw atCapacity();
    const { deployment } = party.workflow;
    const asked: AdmissionRequest = {
      runId,
      runIdClaimed: claimed,
      payerUserId: party.payerUserId,
      plan: payer.plan,
      usageLimitMicros: payer.usageLimitMicros,
      bucketId: runBucketIdOf(party.payerUserId),
      bucket: 'sync',
      reserveMicros: basePerRunMicros,
      nowMs: startedAtMs,
    };
    if (!deployment) asked.precheck = 'notDeployed';
    else if (payer.suspended) asked.precheck = 'suspended';
    return andThen(this.admission.admit(asked), (answer) => {
      if (answer.outcome !== 'admitted' || !deployment) return this.refuse(answer, facts, startedAtMs, runId);
      return {
        runId,
        claimed,
        party,
        deployment,
        priceId,
        baseMicros: basePerRunMicros,
        rate: answer.rate,
        timeoutMs: this.plans.limits[payer.plan].syncTimeoutMs ?? NO_LIMIT_MS,
        startedAtMs,
      };
    });
  }

  /** Throws. What contract B3.1 wants logged (402, 429, suspended) is in the spool before the answer leaves. */
  private async refuse(answer: AdmissionAnswer, facts: Facts, startedAtMs: number, runId: string): Promise<never> {
    const problem = refusalOf(answer, runId);
    if (LOGGED.has(answer.outcome)) {
      const { party, request, client } = facts;
      await this.recorder.recordRefusal({ party, startedAtMs, inputJson: request.inputJson, client }, problem);
    }
    throw problem;
  }
}

/** What admission is decided from. */
interface Facts {
  party: RunParty;
  payer: UserEntry;
  prices: PricesEntry | undefined;
  request: ExecuteRequest;
  client: RunClient;
}

export interface RefusedRun {
  party: RunParty;
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
