import { Directory, memberRef } from '@tollgate/access';
import type { Browser } from './browser.js';
import { KeysUnderTest } from './keys-under-test.js';

let keys: KeysUnderTest;
let ada: Browser;
let ben: Browser;
let stranger: Browser;
beforeAll(async () => {
  keys = await KeysUnderTest.start();
  [ada, ben, stranger] = await Promise.all([keys.person('Ada'), keys.person('Ben'), keys.person('Stranger')]);
});
afterAll(() => keys.dispose());

const at = (id: string) => `/api/workspaces/${id}`;
const entry = (id: string) => keys.running.app.get(Directory).read('workspace', id);
const role = (id: string, person: Browser) =>
  keys.running.app.get(Directory).read('member', memberRef(id, person.userId));
const NOT_FOUND = { error: 'Workspace not found', code: 'NOT_FOUND' };
const INSUFFICIENT = { error: 'Insufficient permissions', code: 'FORBIDDEN' };

test('who makes a workspace owns it, pays for it and is its admin; a sign-up alone makes none', async () => {
  const newcomer = await keys.person('New');
  expect(await newcomer.ok('GET', '/api/workspaces')).toEqual({ workspaces: [] });
  const answer = await newcomer.send('POST', '/api/workspaces', { name: ' Workshop ' });

  expect(answer.status).toBe(200);
  const { workspace } = answer.body;
  expect(workspace).toEqual({
    id: expect.stringMatching(/^[A-Za-z0-9_-]{21}$/),
    name: 'Workshop',
    ownerId: newcomer.userId,
    billedAccountUserId: newcomer.userId,
    allowPersonalApiKeys: true,
    permissions: 'admin',
    createdAt: expect.stringMatching(/Z$/),
  });
  expect(await newcomer.ok('GET', '/api/workspaces')).toEqual({ workspaces: [workspace] });
  expect(await newcomer.ok('GET', at(workspace.id))).toEqual({ workspace });
  expect(await entry(workspace.id)).toMatchObject({ ownerId: newcomer.userId, allowPersonalApiKeys: true });
  expect(await role(workspace.id, newcomer)).toEqual({ role: 'admin' });
});

test("the list has each one's own role, oldest first, in pages", async () => {
  const lister = await keys.person('List');
  const ids = [];
  for (const name of ['one', 'two', 'three']) ids.push(await lister.workspace(name));
  const theirs = await ada.workspace('theirs');
  await ada.join(theirs, lister, 'read');
  const all = (await lister.ok('GET', '/api/workspaces')).workspaces as { id: string; permissions: string }[];
  expect(all.map(({ id }) => id)).toEqual([...ids, theirs]);
  expect(all.map(({ permissions }) => permissions)).toEqual(['admin', 'admin', 'admin', 'read']);

  const first = await lister.ok('GET', '/api/workspaces?limit=3');
  expect(first.workspaces).toEqual(all.slice(0, 3));
  const last = await lister.ok('GET', `/api/workspaces?limit=3&cursor=${first.nextCursor}`);
  expect(last).toEqual({ workspaces: all.slice(3) });
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'limit=1.5', 'cursor=a%00b', 'limit=1&limit=2']) {
    const answer = await lister.send('GET', `/api/workspaces?${query}`);
    expect([query, answer.status]).toEqual([query, 400]);
    expect(answer.body.details[0].path).toEqual([query.split('=', 1)[0]]);
  }
});

test.each([
  ['no name', {}],
  ['a blank one', { name: '  ' }],
  ['101 characters', { name: 'x'.repeat(101) }],
  ['a control character', { name: 'a\u001bb' }],
])('%s is 400 and names the name', async (_name, body) => {
  const answer = await ada.send('POST', '/api/workspaces', body);
  expect(answer.status).toBe(400);
  expect(answer.body).toMatchObject({
    code: 'VALIDATION_ERROR',
    details: [expect.objectContaining({ path: ['name'] })],
  });
});

describe('changing', () => {
  test('an admin changes name and switch, and the directory knows at once', async () => {
    const id = await ada.workspace();
    const answer = await ada.send('PATCH', at(id), { name: ' Forge ', allowPersonalApiKeys: false });
    expect(answer.status).toBe(200);
    expect(answer.body.workspace).toMatchObject({
      id,
      name: 'Forge',
      allowPersonalApiKeys: false,
      permissions: 'admin',
    });
    expect(await entry(id)).toMatchObject({ name: 'Forge', allowPersonalApiKeys: false });
    await ada.ok('PATCH', at(id), { allowPersonalApiKeys: true });
    expect(await entry(id)).toMatchObject({ allowPersonalApiKeys: true });
  });

  test('what is as it was is 200 and no fact', async () => {
    const id = await ada.workspace();
    const before = (await keys.facts('PersonalKeysAllowed')).length;
    await ada.ok('PATCH', at(id), { name: 'Workshop', allowPersonalApiKeys: true, billedAccountUserId: ada.userId });
    expect(await keys.facts('PersonalKeysAllowed')).toHaveLength(before);
  });

  test('another admin can be billed; who is none cannot', async () => {
    const id = await ada.workspace();
    await ada.join(id, ben, 'write');
    for (const userId of [ben.userId, stranger.userId, 'unknown', '', 'a\u0000b']) {
      const answer = await ada.send('PATCH', at(id), { name: 'Half done', billedAccountUserId: userId });
      expect([userId, answer.status, answer.body]).toEqual([
        userId,
        400,
        { error: 'Billed account must be a workspace admin', code: 'VALIDATION_ERROR' },
      ]);
    }
    expect(await entry(id)).toMatchObject({ name: 'Workshop', billedAccountUserId: ada.userId });
    await ada.ok('PATCH', `${at(id)}/permissions`, { updates: [{ userId: ben.userId, permissions: 'admin' }] });
    const { workspace } = await ada.ok('PATCH', at(id), { billedAccountUserId: ben.userId });
    expect(workspace).toMatchObject({ ownerId: ada.userId, billedAccountUserId: ben.userId });
    expect(await entry(id)).toMatchObject({ billedAccountUserId: ben.userId });
  });

  test('no change at all, a wrong type and text that is no JSON are 400', async () => {
    const id = await ada.workspace();
    for (const body of [{}, { unknown: 1 }, undefined]) {
      const answer = await ada.send('PATCH', at(id), body);
      expect([answer.status, answer.body]).toEqual([400, { error: 'No updates provided', code: 'VALIDATION_ERROR' }]);
    }
    for (const [field, value] of [
      ['allowPersonalApiKeys', 'no'],
      ['allowPersonalApiKeys', null],
      ['billedAccountUserId', 5],
      ['name', ''],
    ] as const) {
      const answer = await ada.send('PATCH', at(id), { [field]: value });
      expect(answer.status).toBe(400);
      expect(answer.body.details).toEqual([expect.objectContaining({ path: [field] })]);
    }
    expect((await ada.send('PATCH', at(id), '{"name"')).body.code).toBe('INVALID_JSON');
  });

  test('members who are no admins are 403; strangers and unknown workspaces are one 404', async () => {
    const id = await ada.workspace();
    await ada.join(id, ben, 'write');
    const answer = await ben.send('PATCH', at(id), { allowPersonalApiKeys: false });
    expect([answer.status, answer.body]).toEqual([403, INSUFFICIENT]);
    for (const path of [at(id), at('unknown'), at('a%00b')]) {
      const patched = await stranger.send('PATCH', path, { allowPersonalApiKeys: false });
      expect([patched.status, patched.body]).toEqual([404, NOT_FOUND]);
      const read = await stranger.send('GET', path);
      expect([read.status, read.body]).toEqual([404, NOT_FOUND]);
    }
    expect((await ben.ok('GET', at(id))).workspace.permissions).toBe('write');
    expect((await keys.browser().send('PATCH', at(id), {})).status).toBe(401);
  });
});
