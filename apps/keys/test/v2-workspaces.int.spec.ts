import { v2WorkspaceAnswerSchema, v2WorkspacesAnswerSchema } from '@tollgate/contracts';
import type { Browser } from './browser.js';
import { KeysUnderTest } from './keys-under-test.js';

let keys: KeysUnderTest;
let ada: Browser;
let ben: Browser;
let first: string;
let second: string;
let personal: string;
let ofWorkspace: string;
let stranger: string;
beforeAll(async () => {
  keys = await KeysUnderTest.start();
  [ada, ben] = await Promise.all([keys.person('Ada'), keys.person('Ben')]);
  first = await ada.workspace('Beta');
  second = await ada.workspace('Alpha');
  await ada.join(first, ben, 'read');
  personal = (await ada.personalKey('laptop')).key;
  ofWorkspace = (await ada.workspaceKey(first, 'ci')).key;
  stranger = (await ben.personalKey('other')).key;
  await keys.operate('PUT', `/users/${ada.userId}/plan`, { plan: 'enterprise' });
});
afterAll(() => keys.dispose());

const get = (path: string, key: string) =>
  keys.browser().send('GET', `/api/v2/workspaces${path}`, undefined, { 'x-api-key': key });
const namesOf = (body: { data: { name: string }[] }) => body.data.map(({ name }) => name);

test('a personal key reaches its owner’s workspaces, a workspace key its own', async () => {
  const all = await get('', personal);
  expect(all.status).toBe(200);
  expect(() => v2WorkspacesAnswerSchema.parse(all.body)).not.toThrow();
  expect(namesOf(all.body)).toEqual(['Alpha', 'Beta']);
  expect(all.body.nextCursor).toBeNull();
  expect(all.headers.get('x-ratelimit-limit')).toBe('1000');
  expect(namesOf((await get('', ofWorkspace)).body)).toEqual(['Beta']);
  expect(namesOf((await get('', stranger)).body)).toEqual(['Beta']);
  const one = await get(`/${first}`, ofWorkspace);
  expect(() => v2WorkspaceAnswerSchema.parse(one.body)).not.toThrow();
  expect(one.body.data).toMatchObject({ id: first, name: 'Beta', memberCount: 2, logoUrl: null });
});

test.each([
  ['sortBy=name&sortOrder=asc', ['Alpha', 'Beta']],
  ['sortBy=name', ['Beta', 'Alpha']],
  ['sortOrder=asc', ['Beta', 'Alpha']],
  ['sortBy=updatedAt&sortOrder=asc', ['Beta', 'Alpha']],
])('with %s its pages of one walk through %j', async (query, names) => {
  const met: string[] = [];
  let cursor: string | null = '';
  for (let page = 0; cursor !== null && page < 5; page += 1) {
    const { status, body } = await get(`?limit=1&${query}${cursor && `&cursor=${cursor}`}`, personal);
    expect(status).toBe(200);
    met.push(...namesOf(body));
    cursor = body.nextCursor;
  }
  expect(met).toEqual(names);
});

test('a cursor of another order, one of nobody and a wrong query are told by name', async () => {
  const { nextCursor } = (await get('?limit=1', personal)).body;
  const messageOf = async (query: string) => {
    const { status, body } = await get(query, personal);
    return [status, body.error.message];
  };
  expect(await messageOf(`?sortBy=name&cursor=${nextCursor}`)).toEqual([
    400,
    'cursor does not match the requested filters. Restart pagination without a cursor after changing a filter.',
  ]);
  const garbage = 'cursor is not a valid pagination cursor. Restart pagination without a cursor.';
  expect(await messageOf('?cursor=abc')).toEqual([400, garbage]);
  expect(await messageOf('?limit=0')).toEqual([400, 'limit must be a whole number from 1 to 100']);
  expect(await messageOf('?page=2')).toEqual([400, 'Unrecognized key: "page"']);
  expect(await messageOf(`/${first}?x=1`)).toEqual([400, 'Unrecognized key: "x"']);
});

test('what a key does not reach is not there; where personal keys are off it is told so', async () => {
  const notFound = { error: { code: 'NOT_FOUND', message: 'Workspace not found' } };
  for (const [key, id] of [
    [stranger, second],
    [ofWorkspace, second],
    [personal, 'nothing'],
    [personal, 'a%00b'],
  ] as const) {
    const { status, body } = await get(`/${id}`, key);
    expect([status, body]).toEqual([404, notFound]);
  }
  await ada.ok('PATCH', `/api/workspaces/${second}`, { allowPersonalApiKeys: false });
  const { status, body } = await get(`/${second}`, personal);
  expect([status, body.error.details]).toEqual([403, { code: 'PERSONAL_API_KEYS_DISABLED' }]);
  expect(namesOf((await get('', personal)).body)).toEqual(['Beta']);
});
