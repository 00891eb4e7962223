import type { Browser } from './browser.js';
import { KeysUnderTest } from './keys-under-test.js';

let keys: KeysUnderTest;
let ada: Browser;
let workspaceId: string;
const NAMES = ['zebra', 'ant', 'mole', 'bee', 'cow'];

beforeAll(async () => {
  keys = await KeysUnderTest.start();
  ada = await keys.person('Ada');
  workspaceId = await ada.workspace('zebra');
  for (const name of NAMES.slice(1)) await ada.workspace(name);
  for (const name of NAMES) {
    await ada.personalKey(name);
    await ada.workspaceKey(workspaceId, name);
  }
  // People by their rows alone: an account costs a password's hash.
  for (const name of NAMES.slice(1)) {
    await keys.rows(
      `INSERT INTO keys.person (id, email, name, plan, created_at) VALUES ($1, $1 || '@example.com', $1, 'free', now())`,
      [name],
    );
    await keys.rows(
      `INSERT INTO keys.member (workspace_id, user_id, role, added_at) VALUES ($1, $2, 'read', date_trunc('milliseconds', now()))`,
      [workspaceId, name],
    );
  }
});
afterAll(() => keys.dispose());

const LISTS: [list: string, path: () => string, member: string, nameOf: (item: { name: string }) => string][] = [
  ['personal keys', () => '/api/users/me/api-keys', 'keys', ({ name }) => name],
  ['workspace keys', () => `/api/workspaces/${workspaceId}/api-keys`, 'keys', ({ name }) => name],
  ['workspaces', () => '/api/workspaces', 'workspaces', ({ name }) => name],
  ['members', () => `/api/workspaces/${workspaceId}/permissions`, 'users', ({ name }) => name.replace('Ada', 'zebra')],
];

describe.each(LISTS)('the list of %s', (_list, path, member, nameOf) => {
  test('comes whole without a limit, as it always has', async () => {
    const answer = await ada.ok('GET', path());

    expect(answer[member].map(nameOf)).toEqual(NAMES);
    expect(answer).not.toHaveProperty('nextCursor');
  });

  test('comes page by page: each item once, in order', async () => {
    const first = await ada.ok('GET', `${path()}?limit=2`);
    const second = await ada.ok('GET', `${path()}?limit=2&cursor=${first.nextCursor}`);
    const last = await ada.ok('GET', `${path()}?limit=2&cursor=${second.nextCursor}`);

    expect([first, second, last].map((page) => page[member].map(nameOf))).toEqual([
      ['zebra', 'ant'],
      ['mole', 'bee'],
      ['cow'],
    ]);
    expect(last).not.toHaveProperty('nextCursor');
    if (member === 'users') expect([first.total, last.total]).toEqual([5, 5]);
  });

  test.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'limit=1.5',
    'limit=1&limit=2',
    'cursor=',
    'cursor=a%00b',
    'cursor=x',
  ])('refuses ?%s and names the field', async (query) => {
    const { status, body } = await ada.send('GET', `${path()}?${query}`);

    expect([status, body.error, body.code]).toEqual([400, 'Validation error', 'VALIDATION_ERROR']);
    expect(body.details[0].path).toEqual([query.split('=', 1)[0]]);
  });
});

test('a cursor of somebody else’s list shows nothing that is not one’s own', async () => {
  const ben = await keys.person('Ben');
  await ben.personalKey('his');
  const { nextCursor } = await ada.ok('GET', '/api/users/me/api-keys?limit=1');

  expect((await ben.ok('GET', `/api/users/me/api-keys?cursor=${nextCursor}`)).keys.map(LISTS[0]![3])).toEqual(['his']);
});

test('a key that was revoked between two pages leaves no gap', async () => {
  const cid = await keys.person('Cid');
  const made = [];
  for (const name of ['one', 'two', 'three']) made.push(await cid.personalKey(name));
  const { nextCursor } = await cid.ok('GET', '/api/users/me/api-keys?limit=2');
  await cid.ok('DELETE', `/api/users/me/api-keys/${made[1]?.id}`);

  expect((await cid.ok('GET', `/api/users/me/api-keys?cursor=${nextCursor}`)).keys.map(LISTS[0]![3])).toEqual([
    'three',
  ]);
});
