import { Directory, memberRef } from '@tollgate/access';
import type { Browser } from './browser.js';
import { KeysUnderTest, PASSWORD } from './keys-under-test.js';

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
let count = 0;
const address = () => `invited${++count}@example.com`;
const invite = async (email = address(), permission = 'write') =>
  (await ada.ok('POST', at('members'), { email, permission })).invitation as {
    id: string;
    token: string;
    link: string;
  };
const accept = (person: Browser, token: string) => person.send('POST', `/api/invitations/${token}/accept`);

describe('invitations', () => {
  test('an address without an account gets a link, shown once and kept only as a digest', async () => {
    const email = address();
    const answer = await ada.send('POST', at('members'), { email, permission: 'read' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      member: { userId: null, email, permissionType: 'read' },
      invitation: {
        id: expect.any(String),
        token: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
        link: expect.stringContaining(answer.body.invitation.token),
        expiresAt: expect.stringMatching(/Z$/),
      },
    });
    const { token } = answer.body.invitation;
    const kept = await keys.rows('SELECT i::text AS line FROM keys.invitation i WHERE email = $1', [email]);
    expect(kept).toHaveLength(1);
    expect(JSON.stringify(kept)).not.toContain(token);
    expect(JSON.stringify(await keys.facts('MemberInvited'))).not.toContain(token);
  });

  test('the link makes a member, once', async () => {
    const { token } = await invite(undefined, 'write');
    const answer = await accept(cleo, token);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ success: true, workspace: { id, permissions: 'write' } });
    expect(await role(cleo)).toBe('write');
    for (const person of [cleo, stranger]) expect((await accept(person, token)).status).toBe(404);
  });

  test('of ten people with one link one gets in', async () => {
    const { token } = await invite();
    const answers = await Promise.all(
      [ben, cleo, stranger, ben, cleo, stranger].map((person) => accept(person, token)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404, 404, 404, 404]);
    expect((await ada.ok('GET', at('permissions'))).total).toBe(2);
  });

  test('an unknown, malformed or expired link, and one that a newer invitation replaced, is one 404', async () => {
    const email = address();
    const old = await invite(email);
    const expired = await invite(email);
    await keys.rows(`UPDATE keys.invitation SET expires_at = now() - interval '1 second' WHERE id = $1`, [expired.id]);
    for (const token of [old.token, expired.token, 'A'.repeat(43), 'x', '%00', "' OR 1=1--"]) {
      const answer = await accept(ben, encodeURIComponent(token));
      expect([answer.status, answer.body]).toEqual([404, { error: 'Invitation not found', code: 'NOT_FOUND' }]);
    }
    expect((await accept(keys.browser(), old.token)).status).toBe(401);
  });

  test('a sign-up with the address does not take it up: nothing proves the address', async () => {
    const email = address();
    const { token } = await invite(email);
    const invited = keys.browser();
    await invited.ok('POST', '/api/auth/sign-up/email', { name: 'Ivy', email, password: PASSWORD });
    expect(await invited.ok('GET', '/api/workspaces')).toEqual({ workspaces: [] });
    expect((await accept(invited, token)).status).toBe(200);
    expect((await invited.ok('GET', '/api/workspaces')).workspaces).toHaveLength(1);
  });

  test('an account that comes with a proven address takes up all that wait for it', async () => {
    const email = address();
    const { token } = await invite(email, 'admin');
    const other = await ada.workspace('other');
    await ada.ok('POST', at('members', other), { email, permission: 'read' });
    await keys.rows(
      `INSERT INTO keys."user" ("id", "name", "email", "emailVerified", "updatedAt") VALUES ($1, 'Ivy', $2, true, now())`,
      [`proven${count}`, email],
    );
    await keys.operate('GET', `/users?email=${email}`);
    const users = (await ada.ok('GET', at('permissions'))).users as { email: string; permissionType: string }[];
    expect(users).toContainEqual(expect.objectContaining({ email, permissionType: 'admin' }));
    expect((await ada.ok('GET', at('permissions', other))).total).toBe(2);
    expect((await accept(ben, token)).status).toBe(404);
  });

  test('who was added, and who was removed, does not come back by an old link', async () => {
    const email = address();
    const { token } = await invite(email);
    const ivy = keys.browser();
    const { user } = await ivy.ok('POST', '/api/auth/sign-up/email', { name: 'Ivy', email, password: PASSWORD });
    await ada.ok('POST', at('members'), { email, permission: 'read' });
    await ada.ok('DELETE', at(`members/${user.id}`));
    expect((await accept(ivy, token)).status).toBe(404);
  });

  test('a removal that is refused leaves the invitation as it was', async () => {
    const email = address();
    const { token } = await invite(email);
    const ivy = keys.browser();
    const { user } = await ivy.ok('POST', '/api/auth/sign-up/email', { name: 'Ivy', email, password: PASSWORD });
    expect((await ada.send('DELETE', at(`members/${user.id}`))).status).toBe(404);
    expect((await accept(ivy, token)).status).toBe(200);
  });

  test('an admin sees what waits, in pages by address, without a link; used and expired ones are gone', async () => {
    const tag = `page${++count}`;
    const [a, b, c, used, over] = ['a', 'b', 'c', 'd', 'e'].map((letter) => `${tag}${letter}@example.com`);
    for (const email of [c, a, b]) await invite(email, 'read');
    await accept(cleo, (await invite(used)).token);
    const { id: overId } = await invite(over);
    await keys.rows(`UPDATE keys.invitation SET expires_at = now() - interval '1 second' WHERE id = $1`, [overId]);
    const first = await ada.ok('GET', at('invitations?limit=2'));
    expect(first.invitations).toEqual(
      [a, b].map((email) => ({
        ...{ id: expect.any(String), email, permission: 'read', invitedBy: ada.userId },
        ...{ createdAt: expect.stringMatching(/Z$/), expiresAt: expect.stringMatching(/Z$/) },
      })),
    );
    await ada.ok('DELETE', at(`invitations/${(first.invitations as { id: string }[])[1]?.id}`));
    const last = await ada.ok('GET', at(`invitations?limit=2&cursor=${first.nextCursor}`));
    expect([(last.invitations as { email: string }[]).map(({ email }) => email), last.nextCursor]).toEqual([
      [c],
      undefined,
    ]);
    for (const query of ['limit=0', 'limit=101', 'cursor=a%00b', 'cursor=eA']) {
      const answer = await ada.send('GET', at(`invitations?${query}`));
      expect([query, answer.status, answer.body.details[0].path]).toEqual([query, 400, [query.split('=', 1)[0]]]);
    }
  });

  test('a cancelled invitation opens nothing, once and for ever, and the log says who cancelled it', async () => {
    const email = address();
    const { id: invitationId, token } = await invite(email);
    expect(await ada.ok('DELETE', at(`invitations/${invitationId}`))).toEqual({ success: true });
    expect((await accept(ben, token)).status).toBe(404);
    const again = await ada.send('DELETE', at(`invitations/${invitationId}`));
    expect([again.status, again.body.error]).toEqual([404, 'Invitation not found']);
    expect(await keys.facts('InvitationCancelled')).toContainEqual({
      ...{ workspaceId: id, invitationId, email, actor: { type: 'user', id: ada.userId } },
    });
    expect((await ada.ok('GET', at('invitations'))).invitations).toEqual([]);
  });

  test('only an admin of the workspace sees or cancels them', async () => {
    const { id: invitationId, token } = await invite();
    await ada.join(id, ben, 'write');
    const foreign = await stranger.workspace('foreign');
    for (const [person, status, workspace] of [
      [ben, 403, id],
      [stranger, 404, id],
      [stranger, 404, foreign],
    ] as const) {
      expect((await person.send('DELETE', at(`invitations/${invitationId}`, workspace))).status).toBe(status);
    }
    expect((await ben.send('GET', at('invitations'))).status).toBe(403);
    expect((await stranger.send('GET', at('invitations'))).status).toBe(404);
    expect((await accept(cleo, token)).status).toBe(200);
  });
});
