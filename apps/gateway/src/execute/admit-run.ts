import {
  AccessSettings,
  Admission,
  type AdmissionRequest,
  ALL_PRICES,
  andThen,
  Directory,
  memberRef,
  priceInForce,
  type PricesEntry,
  runBucketIdOf,
  type UserEntry,
} from '@tollgate/access';
import { newId } from '@tollgate/api-key';
import { RUN_ID_PREFIX } from '@tollgate/contracts';
import { Clock, Config, PlansInForce } from '@tollgate/service-kit';
import { Injectable } from '@nestjs/common';
import { GatewaySpool } from '../spool/gateway-spool.js';
import type { RunCaller } from '../runs/run-caller.js';
import type { RunClient } from '../runs/run-client.js';
import { type AdmittedRun, AT_ONCE, type RunAsked, type RunMode } from './admitted-run.js';
import { PartyBook } from './party-book.js';
import { RunRecorder } from './run-recorder.js';
import type { RunParty } from './run-events.js';
import { isLoggedRefusal, refusalOf, refused, type RefusedRun, type RunRefusal } from '../runs/run-refusal.js';
import { refusalProblem } from './execute-answers.js';

/** Longest a run may take where the plan sets no limit, in milliseconds. */
const NO_LIMIT_MS = 24 * 60 * 60 * 1000;

/**
 * Decides whether a run may start, in contract B3.1's order: workflow, access, trigger, run id, deployed, suspended,
 * budget, rate, concurrency, room in the spool. Asks the directory and the counters alone: no database is on this way.
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
    private readonly config: Config,
  ) {
    this.parties = new PartyBook(settings);
  }

  /**
   * The run, or why not; throws or rejects with `DirectoryUnavailable` when the truth cannot be had. What it admitted,
   * `RunRecorder` ends. A value, not a promise, when directory and counters answer at once.
   */
  admit(
    caller: RunCaller,
    workflowId: string,
    request: RunAsked,
    client: RunClient,
    mode: RunMode = AT_ONCE,
  ): AdmittedRun | RefusedRun | Promise<AdmittedRun | RefusedRun> {
    const { directory } = this;
    return andThen(this.partyOf(caller, workflowId), (party) => {
      if ('refusal' in party) return party;
      if (request.overridesTrigger) return refused({ kind: 'triggerOverridden' });
      return andThen(directory.read('user', party.payerUserId), (payer) =>
        andThen(directory.read('prices', ALL_PRICES), (prices) => {
          if (!payer) return refused({ kind: 'unavailable', reason: 'the payer is not known to the directory yet' });
          return this.decide({ party, payer, prices, request, client, mode });
        }),
      );
    });
  }

  private partyOf(caller: RunCaller, workflowId: string): RunParty | RefusedRun | Promise<RunParty | RefusedRun> {
    const { directory } = this;
    return andThen(directory.read('workflow', workflowId), (workflow) => {
      if (!workflow) return refused({ kind: 'workflowUnknown' });
      const { workspaceId } = workflow;
      const { ownerId } = caller;
      return andThen(directory.read('workspace', workspaceId), (workspace) =>
        andThen(ownerId === null ? undefined : directory.read('member', memberRef(workspaceId, ownerId)), (member) => {
          const party = this.parties.partyOf({ caller, workflowId, workflow, workspace, member });
          return typeof party === 'string' ? refused({ kind: 'access', refusal: party }) : party;
        }),
      );
    });
  }

  private decide(facts: Facts): AdmittedRun | RefusedRun | Promise<AdmittedRun | RefusedRun> {
    const { party, payer, request, mode } = facts;
    const { stage, trigger } = mode;
    const startedAtMs = this.clock.nowMs();
    const { priceId, basePerRunMicros } = priceInForce(facts.prices, startedAtMs);
    const claimed = request.executionId !== undefined;
    const runId = request.executionId ?? mode.fixed?.runId ?? RUN_ID_PREFIX + newId();
    const isTaken = () => runId.startsWith(RUN_ID_PREFIX) || this.spool.isClaimed(party.payerUserId, runId);
    if (claimed && stage !== 'start' && isTaken()) {
      return refused({ kind: 'runIdUsed', runId });
    }
    const { underWay } = this.recorder;
    if (underWay >= this.config.RUNS_UNDER_WAY_MAX) return refused({ kind: 'atCapacity' });
    const full = this.spool.refusal(underWay);
    const { deployment } = party.workflow;
    const asked: AdmissionRequest = {
      runId,
      runIdClaimed: claimed,
      payerUserId: party.payerUserId,
      plan: payer.plan,
      usageLimitMicros: payer.usageLimitMicros,
      bucketId: runBucketIdOf(party.payerUserId),
      bucket: mode.bucket,
      reserveMicros: basePerRunMicros,
      nowMs: startedAtMs,
      stage,
    };
    if (full !== undefined) asked.hasRoom = false;
    if (!deployment) asked.precheck = 'notDeployed';
    else if (payer.suspended) asked.precheck = 'suspended';
    mode.fixed?.assertHeld();
    return andThen(this.admission.admit(asked), (answer) => {
      if (full !== undefined && answer.outcome === 'noRoom') return refused({ kind: 'unavailable', reason: full });
      if (answer.outcome !== 'admitted') return this.refuse(refusalOf(answer, runId), facts, startedAtMs);
      if (!deployment) return refused({ kind: 'notDeployed' });
      return {
        admitted: true,
        runId,
        claimed,
        eventKey: mode.fixed?.eventKey ?? (claimed ? newId() : runId),
        trigger,
        party,
        deployment,
        priceId,
        baseMicros: basePerRunMicros,
        rate: answer.rate,
        timeoutMs: this.timeLimitOf(payer, mode),
        startedAtMs,
      };
    });
  }

  private timeLimitOf({ plan }: UserEntry, { stage, timeoutMs }: RunMode): number {
    const { syncTimeoutMs, asyncTimeoutMs } = this.plans.limits[plan];
    const planMs = (stage === 'queue' ? asyncTimeoutMs : syncTimeoutMs) ?? NO_LIMIT_MS;
    return timeoutMs === undefined ? planMs : Math.min(planMs, timeoutMs);
  }

  /**
   * What contract B3.1 wants logged (402, 429, suspended) is in the spool before the answer leaves; when it cannot be kept
   * there either, the answer is 503.
   */
  private refuse(refusal: RunRefusal, facts: Facts, startedAtMs: number): RefusedRun | Promise<RefusedRun> {
    if (!isLoggedRefusal(refusal)) return refused(refusal);
    const full = this.spool.attemptRefusal();
    if (full !== undefined) return refused({ kind: 'unavailable', reason: full });
    const { party, request, client, mode } = facts;
    const attempt = { party, startedAtMs, inputJson: request.inputJson, client, trigger: mode.trigger };
    return this.recorder.recordRefusal(attempt, refusalProblem(refusal)).then(() => refused(refusal));
  }
}

/** What admission is decided from. */
interface Facts {
  party: RunParty;
  payer: UserEntry;
  prices: PricesEntry | undefined;
  request: RunAsked;
  client: RunClient;
  mode: RunMode;
}
