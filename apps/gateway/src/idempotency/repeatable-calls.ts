import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { IDEMPOTENCY_KEY_PATTERN, Problem } from '@tollgate/contracts';
import { faultOf, Log } from '@tollgate/service-kit';
import type { WholeAnswer } from '../execute/answer-run.js';
import type { FixedRun } from '../execute/admitted-run.js';
import { EnqueueUnconfirmed } from '../runs/run-refusal.js';
import { type Claim, ClaimTable, LEASE_SECONDS } from './claim-table.js';

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
  /** To be waited for before the answer leaves. */
  keep(answer: WholeAnswer): Promise<void>;
  /** Instead, when no run was begun. */
  free(): Promise<void>;
  /** Instead, when nobody knows: whoever calls next takes over, with the same run. */
  leave(): Promise<void>;
}

const RENEW_MS = (LEASE_SECONDS * 1000) / 4;
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
  private readonly held = new Set<string>();
  private timers: NodeJS.Timeout[] = [];

  constructor(
    private readonly table: ClaimTable,
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
      await (isAmbiguous(error) ? claimed.leave() : claimed.free());
      throw error;
    }
    await claimed.keep(answer);
    return answer;
  }

  /** The claim, or the first answer. */
  async claim(call: RepeatableCall): Promise<ClaimedCall | WholeAnswer> {
    const { keyId, workflowId, idempotencyKey } = call;
    const claimed = await this.table.claim({
      keyId,
      workflowId,
      idempotencyKey,
      fingerprint: fingerprintOf(call.asked),
    });
    if (claimed === 'otherCall') throw new Problem('idempotencyKeyReused');
    if (claimed === 'inProgress') {
      throw new Problem('idempotencyInProgress', { retryAfterSeconds: IN_PROGRESS_RETRY_SECONDS });
    }
    if ('kept' in claimed) return { ...claimed.kept, headers: { ...claimed.kept.headers, ...REPLAYED } };
    this.held.add(claimed.holder);
    const { runId, eventKey, again } = claimed;
    return {
      fixed: { runId, eventKey, again },
      keep: (answer) => this.settle(claimed, () => this.table.keep(claimed, withoutRate(answer))),
      free: () => this.settle(claimed, () => this.table.free(claimed)),
      leave: () => this.settle(claimed, () => this.table.leave(claimed)),
    };
  }

  /**
   * What cannot be written now is left to the lease: the run is in bill and log, and its answer is right. A repetition is told to
   * wait until then.
   */
  private async settle(claim: Claim, write: () => Promise<unknown>): Promise<void> {
    await write().catch((error: Error) => {
      this.log.error('an idempotency claim could not be settled', { runId: claim.runId, fault: faultOf(error) });
    });
    this.held.delete(claim.holder);
  }

  private async renew(): Promise<void> {
    if (this.held.size === 0) return;
    await this.table.renew([...this.held]).catch((error: Error) => {
      this.log.warn('idempotency claims could not be renewed', { fault: faultOf(error) });
    });
  }

  private async sweep(): Promise<void> {
    await this.table.sweep().catch((error: Error) => {
      this.log.warn('old idempotency claims could not be swept', { fault: faultOf(error) });
    });
  }
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
