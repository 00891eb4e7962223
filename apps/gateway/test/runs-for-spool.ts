import { runEvents, type RunFacts } from '../src/execute/run-events.js';
import type { Spool } from '../src/spool/spool.js';
import type { SpoolRun } from '../src/spool/spool-record.js';

const PARTY = {
  workspaceId: 'ws1',
  workspaceName: 'Research',
  workflowId: 'wf1',
  workflowName: 'Echo',
  keyId: 'key1',
  keyName: 'CI',
  keyKind: 'personal',
  actorUserId: 'anna',
  payerUserId: 'anna',
};
export const PARTY_JSON = JSON.stringify(PARTY).slice(1, -1);

/** What a run is recorded by, complete; a test names what matters to it. */
export function factsOf(more: Partial<RunFacts> = {}): RunFacts {
  const runId = more.runId ?? 'tgr_1';
  return {
    runId,
    eventKey: runId,
    partyJson: PARTY_JSON,
    trigger: 'api',
    payerRule: 'key-type',
    priceId: 'default',
    requestId: 'request-1',
    deploymentVersionId: 'v1',
    billable: true,
    status: 'completed',
    startedAt: '2026-11-24T10:00:00.000Z',
    endedAt: '2026-11-24T10:00:00.012Z',
    durationMs: 12,
    baseMicros: 5_000,
    runnerMicros: 0,
    inputJson: '{}',
    outputJson: '{"ok":true}',
    error: undefined,
    userAgent: 'curl/8',
    clientInfo: undefined,
    ...more,
  };
}

export function spoolRun(runId: string, more: Partial<SpoolRun> = {}): SpoolRun {
  return { runId, payerUserId: 'anna', costMicros: 5_000, events: runEvents(factsOf({ runId })), ...more };
}

/** Resolves when the run is kept. */
export function put(spool: Spool, run: SpoolRun, claimed = false): Promise<void> {
  return new Promise((resolve, reject) => spool.put(run, claimed, (fault) => (fault ? reject(fault) : resolve())));
}
