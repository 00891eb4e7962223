import { INTERNAL_HEADER, InternalSecret } from '@tollgate/service-kit';
import { KeysUnderTest } from './keys-under-test.js';

let keys: KeysUnderTest;
/** A provider that is away: its routes are there all the same. */
const PROVIDER = { OIDC_ISSUER: 'http://127.0.0.1:1', OIDC_CLIENT_ID: 'client', OIDC_CLIENT_SECRET: 'secret' };
beforeAll(async () => void (keys = await KeysUnderTest.start(PROVIDER)));
afterAll(() => keys.dispose());

/** What later issues bring. */
const NOT_YET: [string, string][] = [
  ['POST', '/api/users/me/api-keys/x/rotate'],
  ['PUT', '/api/users/me/api-keys/x'],
  ['POST', '/api/workspaces/x/api-keys/y/rotate'],
  ['POST', '/api/keys/self-revoke'],
  ['GET', '/api/keys/receipts/1'],
  ['POST', '/api/v1/admin/keys/import'],
  ['GET', '/api/workspaces/x/audit'],
];

test.each(NOT_YET)('%s %s is not there yet, and not in the document', async (method, path) => {
  const person = await keys.person();
  const answer = await person.send(method, path, method === 'GET' ? undefined : {}, { 'x-admin-key': 'any' });
  expect([answer.status, answer.body.code]).toEqual([404, 'NOT_FOUND']);
  const { body } = await keys.browser().send('GET', '/openapi.json');
  const pattern = path.replace(/\/x(?=\/|$)/, '/{id}').replace(/\/y(?=\/|$)/, '/{keyId}');
  expect(body.paths[pattern]?.[method.toLowerCase()]).toBeUndefined();
});

test('every documented route is there: none answers like an unknown path', async () => {
  const { body } = await keys.browser().send('GET', '/openapi.json');
  const unknown = (await keys.browser().send('GET', '/api/nothing')).body;
  // To whoever does not show it, the routes between services are not there.
  const shown = { [INTERNAL_HEADER]: keys.running.app.get(InternalSecret).shown as string };
  let routes = 0;
  for (const [path, methods] of Object.entries(body.paths as Record<string, Record<string, unknown>>)) {
    for (const method of Object.keys(methods)) {
      const address = path.replaceAll(/\{\w+\}/g, 'x');
      const answer = await keys.browser().send(method.toUpperCase(), address, undefined, shown);
      expect([path, method, answer.status]).not.toEqual([path, method, 404]);
      expect(answer.body).not.toEqual(unknown);
      routes += 1;
    }
  }
  expect(routes).toBe(keys.running.routes.length);
});

test('each session route refuses a request without one, each operator route one without the key', async () => {
  for (const route of keys.running.routes) {
    if (route.auth !== 'session' && route.auth !== 'admin-key') continue;
    const answer = await keys.browser().send(route.method, route.path.replaceAll(/:\w+/g, 'x'));
    expect([route.path, answer.status, answer.body]).toEqual([
      route.path,
      401,
      { error: 'Unauthorized', code: 'UNAUTHORIZED' },
    ]);
  }
});
