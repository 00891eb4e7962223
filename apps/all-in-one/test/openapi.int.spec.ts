import { Person } from './person.js';
import { type PlatformHere, startPlatformHere } from './platform-here.js';
import { ADMIN_API_KEY } from './running-platform.js';

/** The document's own page with its files, and what Fastify adds to each GET. */
const UNDOCUMENTED = /^(HEAD|OPTIONS) |^GET \/(docs|openapi\.yaml|docs-yaml|docs-json)(\/|$)/;

describe('the OpenAPI document of the platform', () => {
  let platform: PlatformHere;
  let running: PlatformHere['running'];
  beforeAll(async () => {
    platform = await startPlatformHere();
    ({ running } = platform);
  });
  afterAll(() => platform.stop());

  const documented = () => running.routes.map(({ method, path }) => `${method} ${path}`).sort();

  test('names every route that is served, and no other', () => {
    const served = [...running.served].filter((route) => !UNDOCUMENTED.test(route)).sort();

    expect(served.length).toBeGreaterThan(40);
    expect(documented()).toEqual(served);
  });

  test('is what the server gives out, with an answer and a way in for each route', async () => {
    const document = (await (await fetch(`${running.url}/openapi.json`)).json()) as {
      openapi: string;
      paths: Record<
        string,
        Record<string, { operationId: string; security: unknown[]; responses: Record<string, unknown> }>
      >;
    };
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation })),
    );

    expect(document.openapi).toBe('3.1.0');
    expect(
      operations.map(({ path, method }) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`).sort(),
    ).toEqual(documented());
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length);
    for (const { responses } of operations)
      expect(Object.keys(responses)).toContainEqual(expect.stringMatching(/^[23]/));
    expect(document.paths['/api/billing/reports']?.get?.responses['200']).toMatchObject({
      content: { 'application/json': expect.anything(), 'text/csv': { schema: { type: 'string' } } },
    });
  });

  test('bounds each body: by far less than a run’s input where people manage things', async () => {
    const ada = await Person.signUp(platform);
    const known = { cookie: ada.cookie, 'x-admin-key': ADMIN_API_KEY };
    const send = (method: string, path: string, bytes: number, headers: Record<string, string> = known) =>
      fetch(running.url + path.replaceAll(/:\w+/g, 'x'), {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        body: '{}'.padEnd(bytes),
      });
    const managed = running.routes.filter(({ method, auth }) => method !== 'GET' && auth !== 'api-key');

    expect(managed.length).toBeGreaterThan(20);
    for (const { method, path, auth, bodyBytesMax = 256 * 1024 } of managed) {
      // A stranger is turned away before anything that he sends is read.
      if (auth === 'session' || auth === 'admin-key') {
        expect([method, path, (await send(method, path, bodyBytesMax + 1, {})).status]).toEqual([method, path, 401]);
      }
      expect(bodyBytesMax).toBeLessThanOrEqual(256 * 1024);
      const response = await send(method, path, bodyBytesMax + 1);
      const { error, code } = (await response.json()) as { error: string | object; code: string };
      expect([method, path, response.status]).toEqual([method, path, 413]);
      if (!path.startsWith('/api/v2/')) expect([typeof error, code]).toEqual(['string', 'PAYLOAD_TOO_LARGE']);
    }
    expect((await send('POST', '/api/workspaces', 256 * 1024)).status).toBe(400);
    const runs = running.routes.filter(({ path }) => path.endsWith('/execute'));
    expect(runs.map(({ bodyBytesMax }) => bodyBytesMax)).toEqual(runs.map(() => 10 * 1024 * 1024));
  });
});
