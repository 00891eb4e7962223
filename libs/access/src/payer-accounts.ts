import type { Settlement } from './admission.js';

/** A run that is going on, and what it holds of its payer's budget. */
interface Running {
  heldMicros: number;
  /** Billing has it in a total already, or it belongs to a period that is over: it will hold nothing when it ends. */
  counted: boolean;
}

/** What one payer has used and holds in the current billing period, and his runs that are going on. */
export interface PayerAccount {
  period: string;
  settledMicros: number;
  settledPosition: bigint;
  /** What running and ended but unsettled runs hold together. */
  heldMicros: number;
  /** Ended runs that billing has not settled yet. */
  ended: Map<string, number>;
  running: Map<string, Running>;
  /** Whether this payer has a usage limit, as far as is known: what he holds must not be forgotten. */
  limited: boolean;
}

/** Most ended runs, of all payers together, that may wait for billing (about 100 bytes each). */
export const HOLDS_MAX = 1_000_000;

/**
 * Payers' accounts of the current billing period: one for each payer since the start (about half a kilobyte).
 * Ended runs are bounded by `holdsMax`. From there on runs of payers with a limit have to be refused (`hasRoom`), those of
 * payers without one are not held: their shown usage lags until billing settles, and nothing else depends on it.
 */
export class PayerAccounts {
  private readonly accounts = new Map<string, PayerAccount>();
  private holds = 0;

  constructor(private readonly holdsMax = HOLDS_MAX) {}

  get hasRoom(): boolean {
    return this.holds < this.holdsMax;
  }

  /** The account of a period, begun anew when the one at hand is of an earlier one. A clock that goes back changes nothing. */
  open(payerUserId: string, period: string): PayerAccount {
    let account = this.accounts.get(payerUserId);
    if (!account) {
      account = newAccount(period);
      this.accounts.set(payerUserId, account);
    } else if (account.period < period) {
      this.beginAnew(account, period);
    }
    return account;
  }

  /** The account as it is, of whatever period. */
  get(payerUserId: string): PayerAccount | undefined {
    return this.accounts.get(payerUserId);
  }

  start(account: PayerAccount, runId: string, reserveMicros: number): void {
    account.running.set(runId, { heldMicros: reserveMicros, counted: false });
    account.heldMicros += reserveMicros;
  }

  /** Ends a run and holds what it cost. False: no such run is going on. */
  end(account: PayerAccount, runId: string, costMicros: number): boolean {
    const run = account.running.get(runId);
    if (!run) return false;
    account.running.delete(runId);
    account.heldMicros -= run.heldMicros;
    if (!run.counted) this.hold(account, runId, costMicros);
    return true;
  }

  /** Holds what an ended run cost; said again, the last word counts. A run without cost holds nothing. */
  hold(account: PayerAccount, runId: string, costMicros: number): void {
    this.release(account, runId);
    if (costMicros <= 0 || (!this.hasRoom && !account.limited)) return;
    account.ended.set(runId, costMicros);
    account.heldMicros += costMicros;
    this.holds += 1;
  }

  /**
   * Releases the runs, whatever the position: a total that is newer than the settlement counts them too. The total is
   * taken unless it is of another period or older than the one at hand.
   */
  settle(account: PayerAccount, settlement: Settlement): void {
    for (const runId of settlement.runIds) {
      this.release(account, runId);
      const run = account.running.get(runId);
      if (run) this.count(account, run);
    }
    if (settlement.period !== account.period || settlement.position < account.settledPosition) return;
    account.settledMicros = settlement.totalMicros;
    account.settledPosition = settlement.position;
  }

  /** What was held belongs to the bill of the period that is over; runs that go on keep their slots only. */
  private beginAnew(account: PayerAccount, period: string): void {
    this.holds -= account.ended.size;
    account.ended.clear();
    for (const run of account.running.values()) this.count(account, run);
    account.period = period;
    account.settledMicros = 0;
    account.settledPosition = -1n;
    account.heldMicros = 0;
  }

  private count(account: PayerAccount, run: Running): void {
    account.heldMicros -= run.heldMicros;
    run.heldMicros = 0;
    run.counted = true;
  }

  private release(account: PayerAccount, runId: string): void {
    const micros = account.ended.get(runId);
    if (micros === undefined) return;
    account.ended.delete(runId);
    account.heldMicros -= micros;
    this.holds -= 1;
  }
}

function newAccount(period: string): PayerAccount {
  return {
    period,
    settledMicros: 0,
    settledPosition: -1n,
    heldMicros: 0,
    ended: new Map(),
    running: new Map(),
    limited: true,
  };
}
