import { CommandBus } from '@nestjs/cqrs';
import { Directory } from '@tollgate/access';
import { RegisterPerson } from '../src/accounts/register-person.js';
import type { Browser } from './browser.js';
import { KeysUnderTest, PASSWORD } from './keys-under-test.js';

let keys: KeysUnderTest;
beforeAll(async () => void (keys = await KeysUnderTest.start()));
afterAll(() => keys.dispose());

const registrations = async (userId: string) =>
  (await keys.facts('UserRegistered')).filter((fact) => fact['userId'] === userId);

/** What a kill between better-auth's row and the person leaves behind. */
async function cutOff(name: string, email: string): Promise<string> {
  const id = `cutoff-${name}`;
  await keys.rows(
    `INSERT INTO keys."user" ("id", "name", "email", "emailVerified", "updatedAt") VALUES ($1, $2, $3, false, now())`,
    [id, name, email],
  );
  return id;
}

/** An account that signed in, and whose person is not there. */
async function signedInWithoutPerson(): Promise<Browser> {
  const person = await keys.person();
  const other = await keys.person();
  const id = await cutOff(`moved-${other.userId}`, `moved-${other.userId}@example.com`.toLowerCase());
  await keys.rows(`UPDATE keys."session" SET "userId" = $1 WHERE "userId" = $2`, [id, person.userId]);
  return Object.assign(person, { userId: id });
}

test('the start makes the people whose sign-up was cut off, once', async () => {
  const id = await cutOff('sweep', 'sweep@example.com');
  const blank = await cutOff('', 'blank-name@example.com');
  expect(await registrations(id)).toEqual([]);

  keys = await keys.restarted();
  expect(await registrations(id)).toEqual([expect.objectContaining({ email: 'sweep@example.com', plan: 'free' })]);
  expect(await registrations(blank)).toEqual([expect.objectContaining({ name: 'blank-name' })]);
  expect(await keys.running.app.get(Directory).read('user', id)).toMatchObject({ email: 'sweep@example.com' });

  keys = await keys.restarted();
  expect(await registrations(id)).toHaveLength(1);
});

test('the first use makes the person, also of many at once', async () => {
  const browser = await signedInWithoutPerson();
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, nth) => browser.send('POST', '/api/users/me/api-keys', { name: `key ${nth}` })),
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
  expect(await registrations(browser.userId)).toHaveLength(1);
});

test('being added to a workspace makes the person, and so does the operator', async () => {
  const added = await cutOff('added', 'added@example.com');
  const suspended = await cutOff('suspended', 'suspended@example.com');
  const ada = await keys.person();
  const id = await ada.workspace();
  const { member } = await ada.ok('POST', `/api/workspaces/${id}/members`, {
    email: 'added@example.com',
    permission: 'read',
  });
  expect(member.userId).toBe(added);
  expect((await keys.operate('POST', `/users/${suspended}/suspend`)).status).toBe(200);
  expect(await registrations(added)).toHaveLength(1);
  expect(await registrations(suspended)).toHaveLength(1);
});

test('twenty registrations of one account at once are one person and one fact', async () => {
  const userId = await cutOff('raced', 'raced@example.com');
  const account = { userId, email: 'raced@example.com', name: 'Raced', emailVerified: false };
  const commands = keys.running.app.get(CommandBus);
  await Promise.all(Array.from({ length: 20 }, () => commands.execute(new RegisterPerson(account))));
  expect(await registrations(userId)).toHaveLength(1);
  expect(await keys.rows('SELECT 1 FROM keys.person WHERE id = $1', [userId])).toHaveLength(1);
});

test('a sign-up answers when the person is there', async () => {
  const browser = keys.browser();
  const { user } = await browser.ok('POST', '/api/auth/sign-up/email', {
    name: 'Zo\u0065\u0308',
    email: 'zoe@example.com',
    password: PASSWORD,
  });
  expect(await keys.running.app.get(Directory).read('user', user.id)).toMatchObject({ name: 'Zo\u00eb' });
});
