import type { EventData, NewEvent } from '@tollgate/contracts';

export const ANNA = { userId: 'anna', name: 'Anna', email: 'anna@example.com' };
export const BORIS = { userId: 'boris', name: 'Boris', email: 'boris@example.com' };

/** A run that Anna pays; say what is special about it. */
export function billed(
  runId: string,
  special: Partial<EventData<'RequestBilled'>> = {},
  time?: string,
): NewEvent<'RequestBilled'> {
  const data: EventData<'RequestBilled'> = {
    runId,
    workspaceId: 'ws1',
    workspaceName: 'Research',
    workflowId: 'wf1',
    workflowName: 'Summary',
    keyId: 'key1',
    keyName: 'Laptop',
    keyKind: 'personal',
    actorUserId: ANNA.userId,
    payerUserId: ANNA.userId,
    trigger: 'api',
    payerRule: 'key-type',
    priceId: 'default',
    admittedAt: '2026-11-02T10:00:00.000Z',
    durationMs: 40,
    baseMicros: 5_000,
    runnerMicros: 0,
    ...special,
  };
  return {
    id: `${runId}:billed`,
    type: 'RequestBilled',
    source: '/tollgate/gateway',
    subject: runId,
    time: time ?? data.admittedAt,
    data,
  };
}

/** What the log says of the same run. */
export function finished(of: NewEvent<'RequestBilled'>): NewEvent<'RunFinished'> {
  const { admittedAt, baseMicros, runnerMicros, ...run } = of.data;
  return {
    id: `${run.runId}:finished`,
    type: 'RunFinished',
    source: of.source,
    subject: of.subject,
    time: of.time,
    data: {
      ...without(run, 'payerRule', 'priceId'),
      requestId: 'request',
      deploymentVersionId: 'v1',
      billable: true,
      status: 'completed',
      startedAt: admittedAt,
      endedAt: admittedAt,
      costMicros: baseMicros + runnerMicros,
      input: {},
      output: {},
      error: null,
      client: { userAgent: null, clientInfo: null },
    },
  };
}

function without<T extends object, K extends keyof T>(of: T, ...keys: K[]): Omit<T, K> {
  return Object.fromEntries(Object.entries(of).filter(([key]) => !keys.includes(key as K))) as Omit<T, K>;
}
