import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { IDEMPOTENCY_KEY_PATTERN, Problem } from '@tollgate/contracts';
import { faultOf, Log } from '@tollgate/service-kit';
import type { WholeAnswer } from '../execute/answer-run.js';
import type { FixedRun } from '../execute/admitted-run.js';
import { EnqueueUnconfirmed } from '../runs/run-refusal.js';
import { type Claim, type ClaimScope, ClaimTable, LEASE_SECONDS } from './claim-table.js';
import { MonotonicClock } from './monotonic-clock.js';

/** A call that its caller may repeat. */
export interface RepeatableCall {
  keyId: string;
  workflowId: string;
  idempotencyKey: string;
  /** Everything that the answer depends on: generation, mode, body. */
  asked: readonly (string | Buffer)[];
}

/** A call that is at work now: no other of its scope is. */
export interface ClaimedCall {
  /** The ids that its run must have. */
  fixed: FixedRun;
  /** Resolves to the answer that is to leave: this one, or another's that took the call over. Rejects with `ClaimLost`. */
  keep(answer: WholeAnswer): Promise<WholeAnswer>;
  /** Instead, when `fixed.assertHeld` threw: resolves to the other's answer. Rejects with `ClaimLost`. */
  lost(): Promise<WholeAnswer>;
  /** Instead, when no run was begun. */
  free(): Promise<unknown>;
  /** Instead, when nobody knows: whoever calls next takes over, with the same run. */
  leave(): Promise<unknown>;
}

/** A call that somebody else has taken over since, and has not answered yet (contract A1 row 10: 409). */
export class ClaimLost extends Problem {
  constructor() {
    super('idempotencyInProgress', { retryAfterSeconds: IN_PROGRESS_RETRY_SECONDS });
  }
}

const LEASE_MS = LEASE_SECONDS * 1000;
const RENEW_MS = LEASE_MS / 4;
const SWEEP_MS = 10 * 60 * 1000;
const IN_PROGRESS_RETRY_SECONDS = 1;
/** Told with an answer that is given again (contract A1 row 10). */
const REPLAYED = { 'idempotency-replayed': 'true' };

/** Undefined: the call is not to be repeatable. Throws a 400 for a key that is none. */
export function readIdempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['idempotency-key'];
  if (given === undefined) return undefined;
  if (typeof given === 'string' && IDEMPOTENCY_KEY_PATTERN.test(given)) return given;
  const message = 'Must be 1 to 255 printable ASCII characters without spaces';
  throw new Problem('badRequest', {
    text: 'Invalid idempotency key header',
    details: [{ code: 'custom', path: ['idempotency-key'], message }],
  });
}

/**
 * Calls with an `Idempotency-Key` (contract A1 row 10, A6 "Idempotency"), of v1 and v2: for a day the same call gives the first
 * answer again, from whichever gateway, and is run and billed once. The run's ids are fixed with the claim: when a gateway dies
 * over it, the call is taken over after `LEASE_SECONDS` and bill and log have it once all the same.
 */
@Injectable()
export class RepeatableCalls implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Holders at work here, and until when none of them can be taken over, by the monotonic clock. */
  private readonly held = new Map<string, number>();
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly table: ClaimTable,
    private readonly clock: MonotonicClock,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timers = [setInterval(() => void this.renew(), RENEW_MS), setInterval(() => void this.sweep(), SWEEP_MS)];
  }

  onApplicationShutdown(): void {
    for (const timer of this.timers) clearInterval(timer);
  }

  /**
   * Works, or gives the first answer again. Rejects with a Problem when the key belongs to another call (422), when the first is
   * still at work (409), and with what `work` rejected with: then the key is free again.
   */
  async once(call: RepeatableCall, work: (fixed: FixedRun) => Promise<WholeAnswer>): Promise<WholeAnswer> {
    const claimed = await this.claim(call);
    if ('body' in claimed) return claimed;
    let answer: WholeAnswer;
    try {
      answer = await work(claimed.fixed);
    } catch (error) {
      if (error instanceof ClaimLost) return claimed.lost();
      await (isAmbiguous(error) ? claimed.leave() : claimed.free());
      throw error;
    }
    return claimed.keep(answer);
  }

  /** The claim, or the first answer. */
  async claim(call: RepeatableCall): Promise<ClaimedCall | WholeAnswer> {
    const { keyId, workflowId, idempotencyKey } = call;
    const scope = { keyId, workflowId, idempotencyKey, fingerprint: fingerprintOf(call.asked) };
    // Before the database counts from now: so the claim is never thought to last longer here than there.
    const heldUntilMs = this.clock.nowMs() + LEASE_MS;
    const claimed = await this.table.claim(scope);
    if (claimed === 'otherCall') throw new Problem('idempotencyKeyReused');
    if (claimed === 'inProgress') {
      throw new Problem('idempotencyInProgress', { retryAfterSeconds: IN_PROGRESS_RETRY_SECONDS });
    }
    if ('kept' in claimed) return replayed(claimed.kept);
    this.held.set(claimed.holder, heldUntilMs);
    const { runId, eventKey, again } = claimed;
    return {
      fixed: { runId, eventKey, again, assertHeld: () => this.assertHeld(claimed) },
      keep: async (answer) => {
        const isKept = await this.settle(claimed, () => this.table.keep(claimed, withoutRate(answer)));
        return isKept === false ? this.answerOfOther(scope) : answer;
      },
      lost: async () => {
        await this.settle(claimed, () => this.table.leave(claimed));
        return this.answerOfOther(scope);
      },
      free: () => this.settle(claimed, () => this.table.free(claimed)),
      leave: () => this.settle(claimed, () => this.table.leave(claimed)),
    };
  }

  private assertHeld({ holder }: Claim): void {
    if (this.clock.nowMs() >= (this.held.get(holder) ?? -Infinity)) throw new ClaimLost();
  }

  private async answerOfOther(scope: ClaimScope): Promise<WholeAnswer> {
    const found = await this.table.find(scope);
    if (typeof found === 'string') throw new ClaimLost();
    return replayed(found.kept);
  }

  /**
   * What cannot be written now is left to the lease: the run is in bill and log, and its answer is right. A repetition is told to
   * wait until then.
   */
  private async settle<T>(claim: Claim, write: () => Promise<T>): Promise<T | undefined> {
    const settled = await write().catch((error: Error) => {
      this.log.error('an idempotency claim could not be settled', { runId: claim.runId, fault: faultOf(error) });
      return undefined;
    });
    this.held.delete(claim.holder);
    return settled;
  }

  private async renew(): Promise<void> {
    if (this.held.size === 0) return;
    const heldUntilMs = this.clock.nowMs() + LEASE_MS;
    const renewed = await this.table.renew([...this.held.keys()]).catch((error: Error) => {
      this.log.warn('idempotency claims could not be renewed', { fault: faultOf(error) });
      return [];
    });
    for (const holder of renewed) if (this.held.has(holder)) this.held.set(holder, heldUntilMs);
  }

  private async sweep(): Promise<void> {
    await this.table.sweep().catch((error: Error) => {
      this.log.warn('old idempotency claims could not be swept', { fault: faultOf(error) });
    });
  }
}

function replayed(kept: WholeAnswer): WholeAnswer {
  return { ...kept, headers: { ...kept.headers, ...REPLAYED } };
}

/** What was left of a limit then says nothing later. */
function withoutRate(answer: WholeAnswer): WholeAnswer {
  const kept = Object.entries(answer.headers).filter(([name]) => !name.toLowerCase().startsWith('x-ratelimit-'));
  return { ...answer, headers: Object.fromEntries(kept) };
}

function isAmbiguous(error: unknown): boolean {
  return error instanceof Problem && error.options.cause instanceof EnqueueUnconfirmed;
}

function fingerprintOf(parts: RepeatableCall['asked']): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:`).update(part);
  return hash.digest('hex');
}
