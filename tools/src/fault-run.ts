import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from './fault-list.js';
import type { FaultFleet } from './fault-fleet.js';
import { execute, FleetLoad } from './fleet-load.js';
import type { FleetTenant } from './fleet-tenant.js';
import { KeyProbe } from './key-probe.js';

const CLIENTS = 2;
const BEFORE_MS = 1_000;
const AFTER_MS = 1_500;
const RECOVERY_TIMEOUT_MS = 90_000;
const REST_TIMEOUT_MS = 120_000;

/** What came of one fault. */
export interface FaultResult {
  fault: string;
  answered: number;
  unanswered: number;
  /** Answered runs that are not in the log, and runs that bill and log do not both have. */
  difference: number;
  /** Keys that were issued, used, revoked with a receipt and then refused. */
  revoked: number;
  admittedRevoked: number;
  refusedNew: number;
  wrong401: number;
  /** From the end of the cause until every gateway runs again and a key can be issued. */
  recoveredMs: number;
  /** From the end of the cause until bill and log hold every answered run; the load itself takes its part of it. */
  completeMs: number;
  /** What shows that the fault was the one it is named for. */
  proof: string[];
  /** Why it was not, if it was not. */
  missed?: string;
}

/** Strikes under load, waits for the fleet to recover and for bill and log to be complete, and holds them against the clients' record. */
export async function strike(fleet: FaultFleet, tenant: FleetTenant, key: string, fault: Fault): Promise<FaultResult> {
  const { baseUrls } = fleet.stack;
  const load = new FleetLoad({ baseUrls, workflowId: tenant.workflowId, key }, CLIENTS);
  const probe = new KeyProbe(tenant, baseUrls);
  let [overAtMs, recoveredMs] = [Number.NaN, Number.NaN];
  const proof: string[] = [];
  let missed: string | undefined;
  try {
    await pause(BEFORE_MS);
    await fault.strike(fleet, (what) => proof.push(what)).catch((error: Error) => (missed = error.message));
    overAtMs = performance.now();
    recoveredMs = await recovered(baseUrls, tenant, key);
    await Promise.all([pause(AFTER_MS), probe.confirmsOneMore(RECOVERY_TIMEOUT_MS)]);
  } finally {
    await Promise.all([load.stop(), probe.stop()]);
  }
  const { answered, statuses } = load;
  const bad = [...statuses].filter(([status]) => status !== 200).reduce((sum, [, count]) => sum + count, 0);
  const difference = await differenceAtRest(tenant, key, answered);
  return {
    fault: fault.name,
    answered: answered.size,
    unanswered: bad,
    difference,
    revoked: probe.confirmed,
    admittedRevoked: probe.admittedRevoked,
    refusedNew: probe.refusedNew,
    wrong401: statuses.get(401) ?? 0,
    recoveredMs: Math.round(recoveredMs),
    completeMs: Math.round(performance.now() - overAtMs),
    proof,
    ...(missed !== undefined && { missed }),
  };
}

async function recovered(baseUrls: readonly string[], tenant: FleetTenant, key: string): Promise<number> {
  const began = performance.now();
  const works = async () => {
    for (const baseUrl of baseUrls) {
      const { status } = await execute({ baseUrl, workflowId: tenant.workflowId, key });
      if (status !== 200) throw new Error(`${baseUrl} answers ${status}`);
    }
    await tenant.issueKey(`after a fault ${Math.round(performance.now())}`);
  };
  for (;;) {
    try {
      await works();
      return performance.now() - began;
    } catch (error) {
      if (performance.now() - began > RECOVERY_TIMEOUT_MS) throw error;
      await pause(50);
    }
  }
}

/** Waits until the reconciliation is complete; then nothing may be left over on any side. */
async function differenceAtRest(tenant: FleetTenant, key: string, answered: ReadonlySet<string>): Promise<number> {
  const deadline = performance.now() + REST_TIMEOUT_MS;
  for (;;) {
    let fault = '';
    const found = await tenant.reconciliation().catch((error: Error) => void (fault = error.message));
    const isLate = performance.now() > deadline;
    if (found?.asOf.complete && (found.difference === 0 || isLate)) {
      const logged = await tenant.loggedRuns(key);
      const inLog = new Set(logged);
      const lost = [...answered].filter((runId) => !inLog.has(runId)).length;
      if (lost === 0 || isLate) return found.difference + lost + (logged.length - inLog.size);
    }
    if (isLate && !found?.asOf.complete) {
      throw new Error(`No complete comparison in ${REST_TIMEOUT_MS} ms: ${fault || JSON.stringify(found)}`);
    }
    await pause(500);
  }
}
