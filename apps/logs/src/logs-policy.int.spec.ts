import { startLogs } from '../test/logs-under-test.js';
import type { LogsUnderTest } from '../test/logs-under-test.js';
import { runFinished } from '../test/runs.js';

let logs: LogsUnderTest;
beforeAll(async () => {
  logs = await startLogs();
  await logs.person('ada');
  await logs.person('ben');
  await logs.person('fay', 'free');
  await logs.workspace('w1', 'ada');
  await logs.workspace('w3', 'fay');
  await logs.runs(runFinished({ runId: 'r1' }));
});
afterAll(() => logs.stop());

const list = (key: string, workspaceId = 'w1') => logs.get(`/api/v1/logs?workspaceId=${workspaceId}`, key);
const statusesOf = async (key: string) =>
  Promise.all(
    ['?workspaceId=w1', '/log_r1', '/executions/r1'].map(
      async (path) => (await logs.get(`/api/v1/logs${path}`, key)).status,
    ),
  );

test('personal keys that a workspace switches off read nothing of it from then on; its own keys go on', async () => {
  const personal = await logs.key({ ownerId: 'ada' });
  const ofWorkspace = await logs.key({ workspaceId: 'w1' });
  expect(await statusesOf(personal.text)).toEqual([200, 200, 200]);
  await logs.tell('PersonalKeysDisallowed', { workspaceId: 'w1' });
  const refused = await list(personal.text);
  expect([refused.status, refused.body]).toEqual([
    403,
    { error: 'Personal API keys are not allowed for this workspace', code: 'PERSONAL_API_KEYS_DISABLED' },
  ]);
  expect(await statusesOf(personal.text)).toEqual([403, 404, 404]);
  expect(await statusesOf(ofWorkspace.text)).toEqual([200, 200, 200]);
  await logs.tell('PersonalKeysAllowed', { workspaceId: 'w1' });
  expect(await statusesOf(personal.text)).toEqual([200, 200, 200]);
});

test('a removed member reads nothing from then on', async () => {
  const { text } = await logs.key({ ownerId: 'ben' });
  await logs.tell('MemberAdded', { workspaceId: 'w1', userId: 'ben', role: 'read' });
  expect(await statusesOf(text)).toEqual([200, 200, 200]);
  await logs.tell('MemberRemoved', { workspaceId: 'w1', userId: 'ben' });
  expect(await statusesOf(text)).toEqual([403, 404, 404]);
  expect((await list(text)).body).toEqual({ error: 'Access denied', code: 'FORBIDDEN' });
});

test('who is over the rate of the API routes is told when to come back', async () => {
  const { text } = await logs.key({ ownerId: 'fay' });
  for (let left = 59; left >= 0; left -= 1) {
    const { status, headers } = await list(text, 'w3');
    expect([status, headers.get('x-ratelimit-limit'), headers.get('x-ratelimit-remaining')]).toEqual([
      200,
      '60',
      `${left}`,
    ]);
  }
  for (const path of ['?workspaceId=w3', '?limit=x', '/log_r1', '/executions/r1']) {
    const { status, headers, body } = await logs.get(`/api/v1/logs${path}`, text);
    expect(status).toBe(429);
    const reset = headers.get('x-ratelimit-reset') as string;
    expect(body).toEqual({
      error: 'Rate limit exceeded',
      code: 'RATE_LIMIT_EXCEEDED',
      message: `API rate limit exceeded. Please retry after ${reset}`,
      retryAfter: Date.parse(reset),
    });
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(headers.get('x-ratelimit-remaining')).toBe('0');
  }
  const ofWorkspace = await logs.key({ workspaceId: 'w3' });
  expect((await list(ofWorkspace.text, 'w3')).status).toBe(200);
});

test('a suspended person’s key is no key any more, and the keys of a workspace that he pays are held up', async () => {
  const { text } = await logs.key({ ownerId: 'ada' });
  const ofWorkspace = await logs.key({ workspaceId: 'w1' });
  await logs.tell('UserSuspended', { userId: 'ada' });
  const { status, body } = await list(text);
  expect([status, body]).toEqual([401, { error: 'Invalid API key', code: 'UNAUTHORIZED' }]);
  const held = await list(ofWorkspace.text);
  expect([held.status, held.body]).toEqual([403, { error: 'Account suspended', code: 'ACCOUNT_SUSPENDED' }]);
  expect(await statusesOf(ofWorkspace.text)).toEqual([403, 404, 404]);
  await logs.tell('UserReinstated', { userId: 'ada' });
  expect(await statusesOf(ofWorkspace.text)).toEqual([200, 200, 200]);
});

test('a free plan shows seven days of runs; older ones are not there for anybody, until the payer has another plan', async () => {
  const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1000).toISOString();
  await logs.person('flo', 'free');
  await logs.workspace('w4', 'flo');
  await logs.runs(
    runFinished({ runId: 'old', workspaceId: 'w4', startedAt: daysAgo(7.01) }),
    runFinished({ runId: 'young', workspaceId: 'w4', startedAt: daysAgo(6.99) }),
  );
  const { text } = await logs.key({ workspaceId: 'w4' });
  const seen = async () => {
    const query = `workspaceId=w4&startDate=${daysAgo(30)}`;
    const v1 = await logs.get(`/api/v1/logs?${query}&order=asc`, text);
    const v2 = await logs.get(`/api/v2/logs?${query}&order=asc`, text);
    const paths = ['/api/v1/logs/log_old', '/api/v1/logs/executions/old', '/api/v2/logs/old', '/api/v1/logs/log_young'];
    const statuses = await Promise.all(paths.map(async (path) => (await logs.get(path, text)).status));
    const idsOf = (answer: typeof v1, name: string) => answer.body.data.map((run: Record<string, string>) => run[name]);
    return [idsOf(v1, 'executionId'), idsOf(v2, 'runId'), statuses];
  };

  expect(await seen()).toEqual([['young'], ['young'], [404, 404, 404, 200]]);
  await logs.tell('PlanChanged', { userId: 'flo', plan: 'pro' });
  expect(await seen()).toEqual([
    ['old', 'young'],
    ['old', 'young'],
    [200, 200, 200, 200],
  ]);
});
