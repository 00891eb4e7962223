import type { RouteSpec } from '@tollgate/contracts';
import { eventually } from '@tollgate/testing';
import { call, execute, Person } from './person.js';
import { type PlatformHere, startPlatformHere } from './platform-here.js';

let platform: PlatformHere;
let ada: Person;
let workspaceId: string;
let workflowId: string;
beforeAll(async () => {
  platform = await startPlatformHere();
  ada = await Person.signUp(platform);
  workspaceId = await ada.workspace();
  workflowId = await ada.workflow(workspaceId);
});
afterAll(() => platform.stop());

const routesFor = (auth: RouteSpec['auth']) => platform.running.routes.filter((route) => route.auth === auth);
const addressOf = ({ path }: RouteSpec) => platform.url + path.replaceAll(/:\w+/g, 'x');
const nameOf = ({ method, path }: RouteSpec) => `${method} ${path}`;
/** The error's code, in the shape of either generation. */
const codeOf = (body: { code?: string; error: { code?: string } }) => body.code ?? body.error.code;

const FOREIGN: Record<string, string>[] = [
  { origin: 'https://evil.example' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site' },
];

async function sent(route: RouteSpec, headers: Record<string, string>, body?: string) {
  const response = await fetch(addressOf(route), {
    method: route.method,
    headers,
    ...(body !== undefined && { body }),
  });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text), headers: response.headers };
}

describe('on every route that people manage things by', () => {
  const withBody = () => [...routesFor('session'), ...routesFor('none')].filter((route) => route.body !== undefined);

  test('a body that is no JSON is 400, and one of another type 415; a stranger’s is 401, whatever it is', async () => {
    expect(withBody().length).toBeGreaterThan(12);
    const { cookie } = ada;
    for (const route of withBody()) {
      const broken = await sent(route, { cookie, 'content-type': 'application/json' }, '{"name": ');
      expect([nameOf(route), broken.status, codeOf(broken.body)]).toEqual([nameOf(route), 400, 'INVALID_JSON']);
      const form = await sent(route, { cookie, 'content-type': 'text/plain' }, 'name=x');
      expect([nameOf(route), form.status, codeOf(form.body)]).toEqual([nameOf(route), 415, 'UNSUPPORTED_MEDIA_TYPE']);
      if (route.auth !== 'session') continue;
      for (const type of ['application/json', 'text/plain']) {
        const { status, body } = await sent(route, { 'content-type': type }, '{"name": ');
        expect([nameOf(route), status, codeOf(body)]).toEqual([nameOf(route), 401, 'UNAUTHORIZED']);
      }
    }
  });

  test('no cookie, one that was tampered with and one that is somebody’s key are all the same 401', async () => {
    const { key } = await ada.personalKey('no cookie');
    const [session = ''] = ada.cookieValues;
    const swapped = `${session.startsWith('A') ? 'B' : 'A'}${session.slice(1)}`;
    const tried = [
      {},
      { cookie: `better-auth.session_token=${swapped}` },
      { cookie: 'better-auth.session_token=%00%ff; better-auth.session_token=' },
      { 'x-api-key': key, cookie: '' },
    ];
    expect(routesFor('session').length).toBeGreaterThan(25);
    for (const route of routesFor('session')) {
      for (const headers of tried as Record<string, string>[]) {
        const answer = await sent(route, headers);
        expect([nameOf(route), answer.status, answer.text]).toEqual([
          nameOf(route),
          401,
          '{"error":"Unauthorized","code":"UNAUTHORIZED"}',
        ]);
      }
    }
  });

  test('a foreign page cannot use a cookie to change anything', async () => {
    const cookie = `better-auth.session_token=${ada.cookieValues[0]}`;
    for (const route of routesFor('session').filter(({ method }) => method !== 'GET')) {
      for (const from of FOREIGN) {
        const answer = await sent(route, { cookie, ...from });
        expect([nameOf(route), answer.status, codeOf(answer.body)]).toEqual([nameOf(route), 403, 'CSRF']);
      }
    }
    expect((await ada.ok('GET', '/api/workspaces')).workspaces).toHaveLength(1);
  });

  test('ids that nothing has, or that no id can be, are 404 or refused by name, never a fault', async () => {
    const strange = ['unknown', '%00', '%F0%9F%98%80', "'%20OR%201=1--", '..%2f..%2fetc', 'x'.repeat(199)];
    for (const route of routesFor('session').filter(({ path }) => path.includes('/:'))) {
      for (const id of strange) {
        const path = route.path.replaceAll(/:\w+/g, id);
        const answer = await ada.send(route.method, path, route.body === undefined ? undefined : {});
        expect([nameOf(route), id, answer.status < 500]).toEqual([nameOf(route), id, true]);
        expect(answer.status).toBeGreaterThanOrEqual(400);
      }
    }
  });

  test('what is somebody else’s answers like what is not there', async () => {
    const eve = await Person.signUp(platform, 'Eve');
    const { id: keyId } = await ada.workspaceKey(workspaceId);
    const ids: Record<string, string> = { workspaces: workspaceId, workflows: workflowId };
    const owned = routesFor('session').filter(({ path }) => /^\/api\/(workspaces|workflows)\/:/.test(path));
    expect(owned.length).toBeGreaterThan(12);
    for (const route of owned) {
      const fill = (id: string) =>
        route.path
          .replace(/:\w+/, id)
          .replace(/:keyId/, keyId)
          .replaceAll(/:\w+/g, 'x');
      const body = route.body === undefined ? undefined : {};
      const theirs = await eve.send(route.method, fill(ids[route.path.split('/')[2]!]!), body);
      const nobodys = await eve.send(route.method, fill('unknown'), body);
      // The one list that contract B1.1 words differently.
      if (nameOf(route) === 'GET /api/workspaces/:id/api-keys') {
        expect([theirs.status, nobodys.status]).toEqual([401, 404]);
        continue;
      }
      expect([nameOf(route), theirs.status, theirs.body]).toEqual([nameOf(route), nobodys.status, nobodys.body]);
    }
    expect((await ada.ok('GET', `/api/workflows/${workflowId}`)).workflow.isDeployed).toBe(true);
    expect((await ada.ok('GET', `/api/workspaces/${workspaceId}/api-keys`)).keys).toHaveLength(1);
  });
});

describe('on every route that takes a key', () => {
  const routes = () => routesFor('api-key').filter(({ path }) => !path.startsWith('/api/mcp/'));

  test('unknown, mistyped, revoked, expired and impossible keys are refused with the same bytes', async () => {
    const revoked = await ada.personalKey('to be revoked');
    await ada.ok('DELETE', `/api/users/me/api-keys/${revoked.id}`);
    const expiresAt = new Date(Date.now() + 1_000).toISOString();
    const expired = (await ada.ok('POST', '/api/users/me/api-keys', { name: 'short', expiresAt })).key;
    await eventually(async () => expect((await execute(platform, workflowId, expired.key)).status).toBe(401));
    const tried = [
      revoked.key,
      expired.key,
      `sk-sim-${'a'.repeat(32)}`,
      `${revoked.key.slice(0, -1)}${revoked.key.endsWith('0') ? '1' : '0'}`,
      'k'.repeat(10_000),
      'sk-sim-\u00e9\u00ff',
      `${revoked.key}, ${revoked.key}`,
      "' OR 1=1 --",
    ];
    expect(routes().length).toBeGreaterThan(8);
    for (const route of routes()) {
      const answers = await Promise.all(tried.map((key) => sent(route, { 'x-api-key': key })));
      expect([nameOf(route), ...new Set(answers.map(({ status }) => status))]).toEqual([nameOf(route), 401]);
      expect([nameOf(route), new Set(answers.map(({ text }) => text)).size]).toEqual([nameOf(route), 1]);
      const names = answers.map(({ headers }) => [...headers.keys()].join());
      expect(new Set(names).size).toBe(1);
      if (/^\/api\/(workflows\/:id\/execute|v1\/logs)/.test(route.path)) {
        expect(answers[0]?.body).toEqual({ error: 'Invalid API key', code: 'UNAUTHORIZED' });
      }
    }
  });

  test('an empty key is a missing one, and neither a cookie nor a bearer token stands for it', async () => {
    const bearer = await ada.personalKey('bearer');
    for (const route of routes()) {
      const missing = await sent(route, {});
      const empty = await sent(route, { 'x-api-key': '' });
      const borne = await sent(route, { authorization: `Bearer ${bearer.key}` });
      expect([nameOf(route), missing.status, empty.text, borne.text]).toEqual([
        nameOf(route),
        401,
        missing.text,
        missing.text,
      ]);
    }
  });
});

describe('names', () => {
  const PLACES: [string, string, (name: unknown) => unknown][] = [
    ['POST', '/api/users/me/api-keys', (name) => ({ name })],
    ['POST', '/api/workspaces/:id/api-keys', (name) => ({ name })],
    ['POST', '/api/workspaces', (name) => ({ name })],
    ['PATCH', '/api/workspaces/:id', (name) => ({ name })],
    ['POST', '/api/workflows', (name) => ({ workspaceId, name, runner: { kind: 'expression', expression: '$' } })],
    ['POST', '/api/auth/sign-up/email', (name) => ({ name, email: 'new@example.com', password: 'long enough' })],
  ];

  test.each(PLACES)(
    '%s %s refuses what is blank, too long, no text or has control characters',
    async (method, path, of) => {
      for (const name of ['', '  \t ', 'x'.repeat(101), 'a\u0000b', 'a\u0007b', 'a\u2028b', '\ud800', 7, null, ['a']]) {
        const answer = await ada.send(method, path.replace(':id', workspaceId), of(name));
        expect([name, answer.status, answer.body.details?.[0].path]).toEqual([name, 400, ['name']]);
      }
    },
  );
});

describe('dates and limits of queries', () => {
  const QUERIES: [string, string, string][] = [
    ['/api/billing/reports', 'from=yesterday', 'from'],
    ['/api/billing/reports', 'to=2026-02-30', 'to'],
    ['/api/billing/reports', 'from=2026-11-02&to=2026-11-01', 'from'],
    ['/api/billing/reports', 'groupBy=nothing', 'groupBy'],
    ['/api/billing/reports', 'format=exe', 'format'],
    ['/api/billing/reconciliation', 'from=%00', 'from'],
    ['/api/logs?workspaceId=WORKSPACE', 'startDate=tomorrow', 'startDate'],
    ['/api/logs?workspaceId=WORKSPACE', 'endDate=2026-13-01', 'endDate'],
    ['/api/logs?workspaceId=WORKSPACE', 'minDurationMs=fast', 'minDurationMs'],
    ['/api/logs?workspaceId=WORKSPACE', 'maxCost=1,5', 'maxCost'],
    ['/api/logs?workspaceId=WORKSPACE', 'level=loud', 'level'],
    ['/api/logs?workspaceId=WORKSPACE', 'order=up', 'order'],
    ['/api/logs?workspaceId=WORKSPACE', 'limit=many', 'limit'],
  ];

  test.each(QUERIES)('%s refuses %s and names the field', async (path, query, field) => {
    const address = path.replace('WORKSPACE', workspaceId);
    const { status, body } = await ada.send('GET', `${address}${address.includes('?') ? '&' : '?'}${query}`);
    expect([status, body.details?.[0].path]).toEqual([400, [field]]);
  });

  test('a cursor of the log that was tampered with is refused', async () => {
    const { key } = await ada.personalKey('cursor');
    for (const cursor of ['x', Buffer.from('{"startedAt":"now"}').toString('base64')]) {
      const address = `${platform.url}/api/v1/logs?workspaceId=${workspaceId}&cursor=${cursor}`;
      const answer = await call(address, 'GET', undefined, { 'x-api-key': key });
      expect([answer.status, answer.body.error]).toEqual([400, 'Invalid cursor']);
    }
  });
});
