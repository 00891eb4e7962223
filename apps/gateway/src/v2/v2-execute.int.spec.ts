import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mintKey } from '@tollgate/api-key';
import { v2ExecuteAnswerSchema } from '@tollgate/contracts';
import { eventually } from '@tollgate/testing';
import { GatewayUnderTest } from '../../test/gateway-under-test.js';

const PLANS = {
  pro: { syncPerMinute: 'off', concurrentRuns: 'off', allowanceUsd: 'off', syncTimeoutMs: 1_500 },
};
const FOREVER = '($loop := function($n) { $loop($n + 1) }; $loop(0))';

let gateway: GatewayUnderTest;
let dir: string;
let echo: string;
let failing: string;
let personal: string;
let ofWorkspace: string;
let foreign: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'tollgate-v2-'));
  writeFileSync(join(dir, 'plans.json'), JSON.stringify(PLANS));
  gateway = await GatewayUnderTest.start({ PLANS_FILE: join(dir, 'plans.json') });
  for (const userId of ['anna', 'eve']) await gateway.user(userId);
  await gateway.workspace('ws1', 'anna');
  await gateway.workspace('ws2', 'eve');
  [echo, failing] = await Promise.all([
    gateway.deployed('anna', 'ws1'),
    gateway.deployed('anna', 'ws1', '$error("no luck")'),
  ]);
  personal = await gateway.key({ ownerId: 'anna' });
  ofWorkspace = await gateway.key({ workspaceId: 'ws1' });
  foreign = await gateway.key({ workspaceId: 'ws2' });
});
afterAll(async () => {
  await gateway.stop();
  rmSync(dir, { recursive: true, force: true });
});

const execute = (id: string, key: string | undefined, body: unknown = {}, headers: Record<string, string> = {}) =>
  gateway.send(
    'POST',
    `/api/v2/workflows/${id}/execute`,
    { ...(key !== undefined && { 'x-api-key': key }), ...headers },
    body,
  );
const finished = (runId: string) =>
  eventually(() => {
    const found = gateway.runEvents.filter(
      ({ type, data }) => type === 'RunFinished' && (data as { runId: string }).runId === runId,
    );
    expect(found).toHaveLength(1);
    return found[0]!.data as Record<string, unknown>;
  });
const error = (code: string, message: string, details?: unknown) => ({
  error: { code, message, ...(details !== undefined && { details }) },
});

describe('POST /api/v2/workflows/{id}/execute', () => {
  test('runs a workflow with its input alone, answers what came of it and keeps who called', async () => {
    const headers = { 'user-agent': 'sim-cli/2.1.28', 'x-sim-client-info': 'cli/2.1.28; node/24' };
    const answer = await execute(echo, personal, { input: { message: 'hi' } }, headers);
    expect(answer.status).toBe(200);
    expect(() => v2ExecuteAnswerSchema.parse(answer.json)).not.toThrow();
    const { runId } = answer.json.data;
    expect(answer.json.data).toEqual({
      runId,
      workflowId: echo,
      status: 'completed',
      output: { message: 'hi' },
      blockOutputs: null,
      error: null,
      startedAt: expect.stringMatching(/Z$/),
      endedAt: expect.stringMatching(/Z$/),
      durationMs: expect.any(Number),
    });
    expect(answer.headers.get('x-run-id')).toBe(runId);
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(answer.headers.get('x-request-id')).toBeTruthy();
    expect(await finished(runId)).toMatchObject({
      billable: true,
      input: { message: 'hi' },
      client: { userAgent: 'sim-cli/2.1.28', clientInfo: 'cli/2.1.28; node/24' },
    });
  });

  test('needs no body; a key of the workspace runs it too', async () => {
    const bare = await gateway.send('POST', `/api/v2/workflows/${echo}/execute`, { 'x-api-key': ofWorkspace });
    expect([bare.status, bare.json.data.output]).toEqual([200, {}]);
  });

  test('answers a run that failed with 200 and its error, and bills it', async () => {
    const { status, json } = await execute(failing, personal);
    expect([status, json.data.status, json.data.error.code]).toEqual([200, 'failed', 'EXECUTION_FAILED']);
    expect(json.data.error.message).toContain('no luck');
    expect(await finished(json.data.runId)).toMatchObject({ billable: true, status: 'failed', costMicros: 5_000 });
  });

  test('answers a run that its plan’s limit ended with 200 and TIMEOUT', async () => {
    const forever = await gateway.deployed('anna', 'ws1', FOREVER);
    const { status, json } = await execute(forever, personal);
    expect([status, json.data.status, json.data.error]).toEqual([
      200,
      'failed',
      { code: 'TIMEOUT', message: 'Execution timed out after 2 seconds' },
    ]);
  });

  test('picks the outputs that were asked for, by the texts that asked for them', async () => {
    const selectedOutputs = ['expression.a.0', 'a', 'b'];
    const { json } = await execute(echo, personal, { input: { a: [1, 2] }, selectedOutputs });
    expect(json.data.blockOutputs).toEqual({ 'expression.a.0': 1, a: [1, 2] });
  });

  test('streams the run as events and never as an envelope', async () => {
    const answer = await execute(echo, personal, { stream: true, input: { a: 1 } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
    expect(answer.headers.get('cache-control')).toBe('no-cache, no-store');
    expect(answer.headers.get('x-ratelimit-reset')).toBeNull();
    const runId = answer.headers.get('x-run-id')!;
    const frames = answer.text.trim().split('\n\n');
    expect(frames.at(-1)).toBe('data: "[DONE]"');
    expect(JSON.parse(frames.at(-2)!.slice('data: '.length))).toMatchObject({
      event: 'final',
      data: { success: true, runId, output: { a: 1 } },
    });
    expect(await finished(runId)).toMatchObject({ billable: true, status: 'completed' });
    const missing = await execute('nothing', personal, { stream: true });
    expect([missing.status, missing.json]).toEqual([404, error('NOT_FOUND', 'Workflow not found')]);
  });

  test('gives the first answer of an idempotency key again, and bills it once', async () => {
    const headers = { 'idempotency-key': 'order-1' };
    const first = await execute(echo, personal, { input: { n: 1 } }, headers);
    const again = await execute(echo, personal, { input: { n: 1 } }, headers);
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([first.text, 'true']);
    expect(again.headers.get('x-run-id')).toBe(first.headers.get('x-run-id'));
    await finished(first.json.data.runId);
    const other = await execute(echo, personal, { input: { n: 2 } }, headers);
    expect([other.status, other.json.error.code, other.json.error.details]).toEqual([
      422,
      'UNPROCESSABLE_ENTITY',
      { code: 'IDEMPOTENCY_KEY_REUSED' },
    ]);
    const streaming = { 'idempotency-key': 'order-2' };
    const streamed = await execute(echo, personal, { stream: true, input: { n: 3 } }, streaming);
    const restreamed = await execute(echo, personal, { stream: true, input: { n: 3 } }, streaming);
    expect(restreamed.headers.get('content-type')).toBe('text/event-stream');
    expect(streamed.text.endsWith(restreamed.text)).toBe(true);
    expect((await execute(echo, personal, {}, { 'idempotency-key': 'a b' })).status).toBe(400);
  });

  test('takes a run id once', async () => {
    const first = await execute(echo, personal, {}, { 'x-run-id': 'mine-1' });
    expect([first.status, first.json.data.runId, first.headers.get('x-run-id')]).toEqual([200, 'mine-1', 'mine-1']);
    const again = await execute(echo, personal, {}, { 'x-run-id': 'mine-1' });
    expect([again.status, again.json]).toEqual([
      409,
      error('CONFLICT', 'Run ID has already been used', { code: 'RUN_ID_CONFLICT', runId: 'mine-1' }),
    ]);
  });

  test.each<[string, unknown, string]>([
    ['an unknown key', { inputs: {} }, 'Unrecognized key: "inputs"'],
    ['an input that is no object', { input: [1] }, 'input must be an object'],
    ['a flag that is none', { async: 'yes' }, 'async must be true or false'],
    ['async and stream', { async: true, stream: true }, 'async and stream cannot be combined'],
    [
      'a time limit of a run that is awaited',
      { executionTimeoutSeconds: 5 },
      'executionTimeoutSeconds is supported only for async execution',
    ],
    [
      'a time limit out of range',
      { async: true, executionTimeoutSeconds: 604_801 },
      'executionTimeoutSeconds must be from 1 to 604800',
    ],
    [
      'outputs of a run that is queued',
      { async: true, selectedOutputs: ['a'] },
      'async and selectedOutputs cannot be combined',
    ],
    [
      'too many outputs',
      { selectedOutputs: Array.from({ length: 101 }, () => 'a') },
      'selectedOutputs must have at most 100 entries',
    ],
    ['a draft', { run: { source: 'manual' } }, 'run.source must be deployment: drafts are not run by keys'],
    ['broken JSON', '{"input":', 'Request body must be valid JSON'],
    ['a list', [], 'Invalid input: expected object, received array'],
    [
      'deep nesting',
      `{"input":{"a":${'['.repeat(300)}${']'.repeat(300)}}}`,
      'Request body is nested deeper than 256 levels',
    ],
  ])('refuses %s', async (_, body, message) => {
    const { status, json } = await execute(echo, personal, body);
    expect([status, json.error.code, json.error.message]).toEqual([400, 'BAD_REQUEST', message]);
  });

  test('names an unknown key in its details, refuses a query, a bad run id, another type, a body too large and a long chain', async () => {
    const { json } = await execute(echo, personal, { inputs: {} });
    expect(json.error.details).toEqual([
      { code: 'unrecognized_keys', keys: ['inputs'], path: [], message: 'Unrecognized key: "inputs"' },
    ]);
    const queried = await gateway.send('POST', `/api/v2/workflows/${echo}/execute?x=1`, { 'x-api-key': personal }, {});
    expect([queried.status, queried.json.error.message]).toEqual([400, 'Unrecognized key: "x"']);
    expect((await execute(echo, personal, {}, { 'x-run-id': 'a b' })).status).toBe(400);
    const typed = await execute(echo, personal, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' });
    expect([typed.status, typed.json.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    const large = await execute(echo, personal, `{"input":{"a":"${'x'.repeat(10 * 1024 * 1024)}"}}`);
    expect([large.status, large.json.error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE']);
    const chain = await execute(echo, personal, {}, { 'x-sim-via': Array.from({ length: 11 }, () => 'w').join(',') });
    expect([chain.status, chain.json.error.code]).toEqual([409, 'CONFLICT']);
  });
});

describe('what v2 refuses to run', () => {
  test('without a usable key, with the challenge', async () => {
    for (const [key, message] of [
      [undefined, 'Unauthorized'],
      [mintKey(), 'Invalid API key'],
    ] as const) {
      const answer = await execute('nothing', key, '{broken');
      expect([answer.status, answer.json]).toEqual([401, error('UNAUTHORIZED', message)]);
      expect(answer.headers.get('www-authenticate')).toBe('SimApiKey realm="Sim API", header="x-api-key"');
      expect(answer.headers.get('x-ratelimit-limit')).toBeNull();
    }
  });

  test('what the key does not reach looks like what is not there', async () => {
    for (const [id, key] of [
      [echo, foreign],
      ['nothing', personal],
      [echo, await gateway.key({ ownerId: 'eve' })],
    ] as const) {
      const { status, json } = await execute(id, key);
      expect([status, json]).toEqual([404, error('NOT_FOUND', 'Workflow not found')]);
    }
  });

  test('a workflow that is not deployed, personal keys that are off, a payer who is suspended', async () => {
    const draft = await gateway.as('anna')('POST', '/api/workflows', {
      workspaceId: 'ws1',
      name: 'Draft',
      runner: { kind: 'expression', expression: '1' },
    });
    const undeployed = await execute(draft.json.workflow.id, personal);
    expect([undeployed.status, undeployed.json]).toEqual([403, error('FORBIDDEN', 'Workflow is not deployed')]);
    await gateway.happened('PersonalKeysDisallowed', { workspaceId: 'ws1' });
    const off = await execute(echo, personal);
    expect([off.status, off.json]).toEqual([
      403,
      error('FORBIDDEN', 'Personal API keys are not allowed for this workspace', {
        code: 'PERSONAL_API_KEYS_DISABLED',
      }),
    ]);
    await gateway.happened('PersonalKeysAllowed', { workspaceId: 'ws1' });
    await gateway.happened('UserSuspended', { userId: 'anna' });
    const suspended = await execute(echo, ofWorkspace);
    expect([suspended.status, suspended.json]).toEqual([403, error('FORBIDDEN', 'Account suspended')]);
    await gateway.happened('UserReinstated', { userId: 'anna' });
  });
});
