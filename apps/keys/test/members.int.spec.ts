import { Directory, memberRef } from '@tollgate/access';
import type { Browser } from './browser.js';
import { KeysUnderTest } from './keys-under-test.js';

let keys: KeysUnderTest;
let ada: Browser;
let ben: Browser;
let cleo: Browser;
let stranger: Browser;
let id: string;
beforeAll(async () => {
  keys = await KeysUnderTest.start();
  [ada, ben, cleo, stranger] = (await Promise.all(
    ['Ada', 'Ben', 'Cleo', 'Stranger'].map((name) => keys.person(name)),
  )) as [Browser, Browser, Browser, Browser];
});
beforeEach(async () => void (id = await ada.workspace()));
afterAll(() => keys.dispose());

const at = (rest: string, workspace = id) => `/api/workspaces/${workspace}/${rest}`;
const role = (person: Browser) =>
  Promise.resolve(keys.running.app.get(Directory).read('member', memberRef(id, person.userId))).then(
    (entry) => entry?.role,
  );
const NOT_FOUND = { error: 'Workspace not found', code: 'NOT_FOUND' };
const INSUFFICIENT = { error: 'Insufficient permissions', code: 'FORBIDDEN' };

describe('the list of permissions', () => {
  test('names every member with role, in the order they came, to every member', async () => {
    await ada.join(id, ben, 'read');
    await ada.join(id, cleo, 'write');
    for (const person of [ada, ben, cleo]) {
      expect(await person.ok('GET', at('permissions'))).toEqual({
        users: [
          { userId: ada.userId, email: ada.email, name: 'Ada', permissionType: 'admin' },
          { userId: ben.userId, email: ben.email, name: 'Ben', permissionType: 'read' },
          { userId: cleo.userId, email: cleo.email, name: 'Cleo', permissionType: 'write' },
        ],
        total: 3,
      });
    }
    for (const path of [at('permissions'), at('permissions', 'unknown')]) {
      const answer = await stranger.send('GET', path);
      expect([answer.status, answer.body]).toEqual([404, NOT_FOUND]);
    }
  });
});

describe('adding', () => {
  test('an address with an account is a member at once', async () => {
    const answer = await ada.send('POST', at('members'), {
      email: ` ${ben.email.toUpperCase()} `,
      permission: 'write',
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ member: { userId: ben.userId, email: ben.email, permissionType: 'write' } });
    expect(await role(ben)).toBe('write');
    await ben.ok('GET', `/api/workspaces/${id}`);
  });

  test('who is a member is not added again, and keeps the role; of ten adds at once one is', async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => ada.send('POST', at('members'), { email: ben.email, permission: 'read' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(9).fill(409)]);
    const again = await ada.send('POST', at('members'), { email: ben.email, permission: 'admin' });
    expect([again.status, again.body.code]).toEqual([409, 'CONFLICT']);
    expect(await role(ben)).toBe('read');
  });

  test.each([
    ['email', { permission: 'read' }],
    ['email', { email: 'nobody', permission: 'read' }],
    ['permission', { email: 'x@example.com' }],
    ['permission', { email: 'x@example.com', permission: 'owner' }],
  ])('a faulty %s is 400 and named', async (field, body) => {
    const answer = await ada.send('POST', at('members'), body);
    expect(answer.status).toBe(400);
    expect(answer.body.details).toEqual([expect.objectContaining({ path: [field] })]);
  });

  test('only admins add; strangers learn nothing', async () => {
    await ada.join(id, ben, 'write');
    const body = { email: 'x@example.com', permission: 'read' };
    const refused = await ben.send('POST', at('members'), body);
    expect([refused.status, refused.body]).toEqual([403, INSUFFICIENT]);
    for (const path of [at('members'), at('members', 'unknown')]) {
      const answer = await stranger.send('POST', path, body);
      expect([answer.status, answer.body]).toEqual([404, NOT_FOUND]);
    }
  });
});

describe('roles', () => {
  test('change for all named or for none', async () => {
    await ada.join(id, ben, 'read');
    await ada.join(id, cleo, 'read');
    const answer = await ada.send('PATCH', at('permissions'), {
      updates: [
        { userId: ben.userId, permissions: 'admin' },
        { userId: cleo.userId, permissions: 'write' },
      ],
    });
    expect(answer.status).toBe(200);
    expect(answer.body.users.map((user: { permissionType: string }) => user.permissionType)).toEqual([
      'admin',
      'admin',
      'write',
    ]);
    expect([await role(ben), await role(cleo)]).toEqual(['admin', 'write']);
    const refused = await ada.send('PATCH', at('permissions'), {
      updates: [
        { userId: cleo.userId, permissions: 'read' },
        { userId: stranger.userId, permissions: 'read' },
      ],
    });
    expect([refused.status, refused.body.error]).toEqual([404, 'Member not found']);
    expect(await role(cleo)).toBe('write');
  });

  test('the owner stays an admin, and so does the billed account', async () => {
    await ada.join(id, ben, 'admin');
    await ada.ok('PATCH', `/api/workspaces/${id}`, { billedAccountUserId: ben.userId });
    for (const [person, text] of [
      [ada, 'The workspace owner must stay an admin'],
      [ben, 'The billed account must stay a workspace admin'],
    ] as const) {
      const answer = await ben.send('PATCH', at('permissions'), {
        updates: [{ userId: person.userId, permissions: 'write' }],
      });
      expect([answer.status, answer.body]).toEqual([400, { error: text, code: 'VALIDATION_ERROR' }]);
    }
  });

  test.each([
    ['nothing', undefined],
    ['no updates', { updates: [] }],
    ['a wrong role', { updates: [{ userId: 'x', permissions: 'owner' }] }],
    ['an id that can be none', { updates: [{ userId: 'a\u0000', permissions: 'read' }] }],
    ['one member twice', { updates: [1, 2].map(() => ({ userId: 'x', permissions: 'read' })) }],
    ['too many', { updates: Array.from({ length: 501 }, (_, nth) => ({ userId: `u${nth}`, permissions: 'read' })) }],
  ])('%s is 400 and names updates', async (_name, body) => {
    const answer = await ada.send('PATCH', at('permissions'), body);
    expect(answer.status).toBe(400);
    expect(answer.body.details[0].path[0]).toBe('updates');
  });

  test('only admins change them', async () => {
    await ada.join(id, ben, 'write');
    const body = { updates: [{ userId: ben.userId, permissions: 'admin' }] };
    const refused = await ben.send('PATCH', at('permissions'), body);
    expect([refused.status, refused.body]).toEqual([403, INSUFFICIENT]);
    const unseen = await stranger.send('PATCH', at('permissions'), body);
    expect([unseen.status, unseen.body]).toEqual([404, NOT_FOUND]);
    expect(await role(ben)).toBe('write');
  });
});

describe('removing', () => {
  test('an admin removes a member, anybody may leave, and the directory knows by the answer', async () => {
    await ada.join(id, ben, 'read');
    await ada.join(id, cleo, 'write');
    expect(await ada.ok('DELETE', at(`members/${ben.userId}`))).toEqual({ success: true });
    expect(await cleo.ok('DELETE', at(`members/${cleo.userId}`))).toEqual({ success: true });
    expect([await role(ben), await role(cleo)]).toEqual([undefined, undefined]);
    expect((await ben.send('GET', `/api/workspaces/${id}`)).status).toBe(404);
    expect((await ada.send('DELETE', at(`members/${ben.userId}`))).body).toEqual({
      error: 'Member not found',
      code: 'NOT_FOUND',
    });
  });

  test('neither the owner nor the billed account goes, not by themselves either', async () => {
    await ada.join(id, ben, 'admin');
    await ada.ok('PATCH', `/api/workspaces/${id}`, { billedAccountUserId: ben.userId });
    for (const actor of [ada, ben]) {
      const owner = await actor.send('DELETE', at(`members/${ada.userId}`));
      expect([owner.status, owner.body.error]).toEqual([400, 'The workspace owner cannot be removed']);
      const billed = await actor.send('DELETE', at(`members/${ben.userId}`));
      expect(billed.status).toBe(400);
      expect(billed.body.error).toMatch(/^The billed account cannot be removed/);
    }
    await ada.ok('PATCH', `/api/workspaces/${id}`, { billedAccountUserId: ada.userId });
    await ben.ok('DELETE', at(`members/${ben.userId}`));
  });

  test('others may not', async () => {
    await ada.join(id, ben, 'write');
    await ada.join(id, cleo, 'read');
    const refused = await ben.send('DELETE', at(`members/${cleo.userId}`));
    expect([refused.status, refused.body]).toEqual([403, INSUFFICIENT]);
    const unseen = await stranger.send('DELETE', at(`members/${cleo.userId}`));
    expect([unseen.status, unseen.body]).toEqual([404, NOT_FOUND]);
    expect((await stranger.send('DELETE', at(`members/${stranger.userId}`))).status).toBe(404);
    expect(await role(cleo)).toBe('read');
  });

  test('billing somebody and removing them at the same moment never leaves a payer who is no admin', async () => {
    for (let nth = 0; nth < 5; nth++) {
      const co = await keys.person('Co');
      await ada.join(id, co, 'admin');
      await Promise.all([
        ada.send('PATCH', `/api/workspaces/${id}`, { billedAccountUserId: co.userId }),
        ada.send('DELETE', at(`members/${co.userId}`)),
      ]);
      const { workspace } = await ada.ok('GET', `/api/workspaces/${id}`);
      const { users } = await ada.ok('GET', at('permissions'));
      expect(users).toContainEqual(
        expect.objectContaining({ userId: workspace.billedAccountUserId, permissionType: 'admin' }),
      );
    }
  });
});
