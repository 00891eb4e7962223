import type { Caller } from '@tollgate/access';
import { fromCloudEvent, type LoggedEvent } from '@tollgate/contracts';
import fc from 'fast-check';
import { factsOf } from '../../test/runs-for-spool.js';
import { type Parties, partyJsonOf, runEvents, type RunFacts } from './run-events.js';

const party = (more: Partial<Parties> = {}): Parties => ({
  caller: { kind: 'key', keyId: 'k1', keyKind: 'workspace', keyName: 'CI', ownerId: null, workspaceId: 'ws1' },
  workflowId: 'wf1',
  workflow: {
    workspaceId: 'ws1',
    name: 'Draft name',
    description: null,
    needsRedeployment: false,
    deleted: false,
    deployment: {
      versionId: 'v1',
      name: 'Deployed name',
      deployedAt: '2026-11-24T09:00:00.000Z',
      runner: { kind: 'expression', expression: '$' },
      inputSchema: null,
    },
  },
  workspace: { name: 'Research', ownerId: 'anna', billedAccountUserId: 'anna', allowPersonalApiKeys: true },
  actorUserId: null,
  payerUserId: 'anna',
  payerRule: 'key-type',
  ...more,
});

const readAll = (facts: Partial<RunFacts>): LoggedEvent[] =>
  runEvents(factsOf(facts)).map((text) => fromCloudEvent(JSON.parse(text), 1n));

describe('the events of a run', () => {
  test('given a run that started, what is billed comes before what happened, and both fit their schemas', () => {
    const [billed, finished] = readAll({ partyJson: partyJsonOf(party()), baseMicros: 5_000, runnerMicros: 250 });

    expect(billed).toMatchObject({ id: 'tgr_1:billed', type: 'RequestBilled', subject: 'tgr_1' });
    expect(billed!.data).toMatchObject({
      runId: 'tgr_1',
      workspaceId: 'ws1',
      workspaceName: 'Research',
      workflowName: 'Deployed name',
      keyId: 'k1',
      keyKind: 'workspace',
      actorUserId: null,
      payerUserId: 'anna',
      payerRule: 'key-type',
      priceId: 'default',
      baseMicros: 5_000,
      runnerMicros: 250,
      admittedAt: '2026-11-24T10:00:00.000Z',
    });
    expect(finished).toMatchObject({ id: 'tgr_1:finished', type: 'RunFinished', time: '2026-11-24T10:00:00.012Z' });
    expect(finished!.data).toMatchObject({
      billable: true,
      costMicros: 5_250,
      status: 'completed',
      input: {},
      output: { ok: true },
      error: null,
      client: { userAgent: 'curl/8', clientInfo: null },
    });
  });

  test('given a refused run, there is nothing to bill', () => {
    const error = { code: 'RATE_LIMIT_EXCEEDED', message: 'Rate limit exceeded. Please try again later.' };
    const events = readAll({ billable: false, status: 'refused', baseMicros: 0, outputJson: 'null', error });

    expect(events.map(({ type }) => type)).toEqual(['RunFinished']);
    expect(events[0]!.data).toMatchObject({ billable: false, costMicros: 0, status: 'refused', error });
  });

  test('given any names, texts and JSON, the events say exactly those', () => {
    const anyText = fc.string({ unit: 'grapheme' });
    fc.assert(
      fc.property(anyText, anyText, fc.jsonValue(), fc.jsonValue(), anyText, (name, agent, input, output, message) => {
        const { workspace, caller } = party();
        const partyJson = partyJsonOf(
          party({ workspace: { ...workspace, name }, caller: { ...(caller as Caller), keyName: name } }),
        );
        const [billed, finished] = readAll({
          partyJson,
          inputJson: JSON.stringify(input, null, 2),
          outputJson: JSON.stringify(output),
          userAgent: agent,
          status: 'failed',
          error: { code: 'EXECUTION_FAILED', message },
        });
        expect(billed!.data).toMatchObject({ workspaceName: name, keyName: name });
        const data = finished!.data as { input: unknown; output: unknown };
        expect(JSON.stringify([data.input, data.output])).toBe(JSON.stringify([input, output]));
        expect(finished!.data).toMatchObject({
          error: { message: message.slice(0, 2_000).toWellFormed() },
          client: { userAgent: agent.slice(0, 300) },
        });
      }),
    );
  });

  test('a header or an error without end is cut', () => {
    const [, finished] = readAll({ userAgent: 'x '.repeat(9_000), error: { code: 'E', message: 'y'.repeat(9_000) } });
    const data = finished!.data as { client: { userAgent: string }; error: { message: string } };
    expect([data.client.userAgent.length, data.error.message.length]).toEqual([300, 2_000]);
  });
});
