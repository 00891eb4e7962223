import { Admission } from './admission.js';
import type { AdmissionAnswer, AdmissionRequest, Precheck, Settlement } from './admission.js';
import { BUSY_RETRY_AFTER_SECONDS } from './admission-rule.js';
import { CLAIM_MS } from './claimed-run-ids.js';
import { MemoryAdmission } from './memory-admission.js';
import { rateOf, usageLimitOf } from './plans.js';
import type { RedisCounters } from './redis-counters.js';
import { ADMIT, FINISH, RENEW, SETTLE } from './redis-admission-scripts.js';
import { RunsOfPayers } from './runs-of-payers.js';
import { takeToken } from './token-bucket.js';

/** How long a run holds its slot and reservation without a sign of life of its gateway. */
export const RUN_LEASE_MS = 90_000;
const RENEW_EVERY_MS = 20_000;
/** Ended runs of one payer that may wait for billing. */
const HOLDS_MAX = 100_000;
/** Settled runs of one payer that are remembered, so that a late `finish` does not hold them once more. */
const SETTLED_REMEMBERED = 10_000;
const POSITION_DIGITS = 20;
/** Ends that Redis did not take and that are told again; beyond it the oldest is left to its run's lease. */
const UNTOLD_MAX = 100_000;
const TELL_EVERY_MS = 500;

interface Ended {
  runId: string;
  payerUserId: string;
  costMicros: number;
}

/**
 * Admission of a fleet: one script in Redis decides and takes, by the rule of `decideAdmission`; it is held against
 * `MemoryAdmission` by a property test.
 *
 * A run's slot and reservation last for `RUN_LEASE_MS` and are prolonged by the gateway that runs it; those of a gateway
 * that died run out. While Redis does not answer, this process decides by counters of its own: the limits then hold for
 * each gateway, what it admitted is told to Redis when it ends.
 */
export class RedisAdmission extends Admission {
  private readonly local: MemoryAdmission;
  private readonly running = new RunsOfPayers();
  private readonly admittedHere = new RunsOfPayers();
  private untold: Ended[] = [];
  private readonly timers: NodeJS.Timeout[];

  constructor(private readonly counters: RedisCounters) {
    super();
    this.local = new MemoryAdmission(counters.local);
    this.timers = [
      setInterval(() => void this.renew(), RENEW_EVERY_MS).unref(),
      setInterval(() => void this.tellUntold(), TELL_EVERY_MS).unref(),
    ];
  }

  override async admit(request: AdmissionRequest): Promise<AdmissionAnswer> {
    const { plans, period } = this.counters;
    const { runId, payerUserId, plan, bucket, bucketId, nowMs, stage = 'run' } = request;
    const perMinute = rateOf(plans, plan, bucket);
    const usageLimitMicros = usageLimitOf(plans, plan, request.usageLimitMicros);
    const keys = [
      ...this.counters.accountKeys(payerUserId),
      this.counters.bucketKey(bucket, bucketId),
      this.counters.payerKey(payerUserId, `claim:${runId}`),
    ];
    const values = [
      ...[runId, request.runIdClaimed ? '1' : '0', stage, request.precheck ?? '', period.periodOf(nowMs)],
      ...[request.reserveMicros, usageLimitMicros ?? '', perMinute ?? '', nowMs],
      ...[stage === 'queue' ? '' : (plans.limits[plan].concurrentRuns ?? ''), request.hasRoom === false ? '0' : '1'],
      ...[CLAIM_MS, RUN_LEASE_MS, HOLDS_MAX],
    ];
    const reply = await this.counters.ask<[AdmissionAnswer['outcome'], string, string, string]>(ADMIT, keys, values);
    if (reply === undefined) return this.admitHere(request);
    const [outcome, used, tokens, at] = reply;
    if (outcome === 'admitted' && stage !== 'queue') this.running.add(payerUserId, runId);
    const bucketFound = { tokens: Number(tokens), refilledAtMs: Number(at) };
    const taken = perMinute === null || tokens === '' ? null : takeToken(bucketFound, perMinute, nowMs);
    switch (outcome) {
      case 'admitted':
        return { outcome, rate: taken && taken.rate };
      case 'overBudget':
        return { outcome, usedMicros: Number(used), limitMicros: usageLimitMicros as number };
      case 'rateLimited':
        if (!taken) throw new Error('a bucket that is off limits nobody');
        return { outcome, rate: taken.rate, retryAfterSeconds: taken.retryAfterSeconds };
      case 'tooManyConcurrent': {
        const rate = taken && { ...taken.rate, remaining: taken.rate.remaining + 1 };
        return { outcome, rate, retryAfterSeconds: BUSY_RETRY_AFTER_SECONDS };
      }
      case 'noRoom':
        return { outcome, retryAfterSeconds: BUSY_RETRY_AFTER_SECONDS };
      case 'runIdUsed':
        return { outcome };
      default:
        return { outcome: outcome as Precheck };
    }
  }

  override async finish(runId: string, payerUserId: string, costMicros: number): Promise<void> {
    this.running.delete(payerUserId, runId);
    if (this.admittedHere.delete(payerUserId, runId)) this.local.finish(runId, payerUserId, 0);
    const ended = { runId, payerUserId, costMicros };
    if (!(await this.tell(ended))) this.keepUntold(ended);
  }

  override async settle(settlements: readonly Settlement[]): Promise<void> {
    const { redis } = this.counters;
    await Promise.all(
      settlements.map(({ payerUserId, period, totalMicros, position, runIds }) => {
        const at = (position < 0n ? 0n : position).toString().padStart(POSITION_DIGITS, '0');
        const values = [period, totalMicros, at, SETTLED_REMEMBERED, ...runIds];
        return redis.eval(SETTLE, this.counters.accountKeys(payerUserId), values);
      }),
    );
  }

  /** Stops prolonging; tells once more what Redis has not taken. */
  async close(): Promise<void> {
    this.timers.forEach(clearInterval);
    await this.tellUntold();
  }

  private admitHere(request: AdmissionRequest): AdmissionAnswer {
    const answer = this.local.admit(request);
    if (answer.outcome === 'admitted') this.admittedHere.add(request.payerUserId, request.runId);
    return answer;
  }

  private async tell({ runId, payerUserId, costMicros }: Ended): Promise<boolean> {
    const { period, local } = this.counters;
    const values = [runId, costMicros, period.periodOf(local.now()), HOLDS_MAX];
    const told = await this.counters.ask(FINISH, this.counters.accountKeys(payerUserId), values);
    return told !== undefined;
  }

  private keepUntold(ended: Ended): void {
    if (this.untold.length >= UNTOLD_MAX) this.untold.shift();
    this.untold.push(ended);
  }

  private async tellUntold(): Promise<void> {
    const telling = this.untold.splice(0);
    for (const [nth, ended] of telling.entries()) {
      if (await this.tell(ended)) continue;
      this.untold = [...telling.slice(nth), ...this.untold];
      return;
    }
  }

  private async renew(): Promise<void> {
    for (const [payerUserId, runIds] of this.running) {
      const keys = [this.counters.payerKey(payerUserId, 'leases')];
      const values = [RUN_LEASE_MS, ...runIds];
      await this.counters.ask(RENEW, keys, values);
    }
  }
}
