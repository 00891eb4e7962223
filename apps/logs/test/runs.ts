import type { EventData, LoggedEvent, NewEvent } from '@tollgate/contracts';

export type RunData = EventData<'RunFinished'>;

/** A finished run of workspace w1; `changes` say what is particular about it. */
export function runFinished(changes: Partial<RunData> & { runId: string }): NewEvent<'RunFinished'> {
  const startedAt = changes.startedAt ?? '2026-11-03T10:00:00.000Z';
  const durationMs = changes.durationMs ?? 40;
  const endedAt = changes.endedAt ?? new Date(Date.parse(startedAt) + durationMs).toISOString();
  return {
    id: `${changes.runId}:finished`,
    type: 'RunFinished',
    source: '/tollgate/gateway',
    subject: changes.runId,
    time: endedAt,
    data: {
      workspaceId: 'w1',
      workspaceName: 'Workspace one',
      workflowId: 'f1',
      workflowName: 'Flow one',
      keyId: 'k1',
      keyName: 'Key one',
      keyKind: 'personal',
      actorUserId: 'u1',
      payerUserId: 'u1',
      trigger: 'api',
      requestId: 'q1',
      deploymentVersionId: 'v1',
      billable: true,
      status: 'completed',
      costMicros: 5_000,
      input: { message: 'hello' },
      output: { reply: 'world' },
      error: null,
      client: { userAgent: 'jest', clientInfo: null },
      ...changes,
      startedAt,
      endedAt,
      durationMs,
    },
  };
}

/** A refused attempt (contract B3.1 side effects). */
export function runRefused(changes: Partial<RunData> & { runId: string }): NewEvent<'RunFinished'> {
  return runFinished({
    billable: false,
    status: 'refused',
    costMicros: 0,
    durationMs: 0,
    output: null,
    error: { code: 'RATE_LIMIT_EXCEEDED', message: 'Rate limit exceeded' },
    ...changes,
  });
}

/** As the log hands them on: positions from `from` on. */
export function logged<T extends NewEvent>(events: readonly T[], from = 1n): LoggedEvent[] {
  return events.map((event, index) => ({ ...event, position: from + BigInt(index) }) as unknown as LoggedEvent);
}
