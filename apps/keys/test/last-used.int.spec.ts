import { newId } from '@tollgate/api-key';
import type { NewEvent } from '@tollgate/contracts';
import { EventLog } from '@tollgate/event-log';
import { eventually } from '@tollgate/testing';
import type { Browser } from './browser.js';
import { KeysUnderTest } from './keys-under-test.js';

let keys: KeysUnderTest;
let ada: Browser;
beforeAll(async () => {
  keys = await KeysUnderTest.start();
  ada = await keys.person();
});
afterAll(() => keys.dispose());

const used = (keyId: string, usedAt: string): NewEvent => ({
  id: newId(),
  type: 'KeyUsed',
  source: '/tollgate/gateway',
  subject: keyId,
  time: usedAt,
  data: { keyId, usedAt },
});
const tell = (...events: NewEvent[]) => keys.running.app.get(EventLog).publish(events);
const lastUsed = async (id: string) =>
  (await ada.ok('GET', '/api/users/me/api-keys')).keys.find((key: { id: string }) => key.id === id).lastUsed as string;
const checkpoint = async () =>
  (await keys.rows<{ position: string }>(`SELECT position FROM keys.checkpoints WHERE follower = 'keys-last-used'`))[0]
    ?.position;

test('a use is shown, one within ten minutes moves nothing, a later one does, a late one does not', async () => {
  const { id } = await ada.personalKey('used');
  const { id: mark } = await ada.personalKey('mark');
  expect(await lastUsed(id)).toBeNull();
  /** Everything before is handled when a mark told after it shows. */
  const told = async (minute: number, ...times: string[]) => {
    await tell(
      ...times.map((at) => used(id, at)),
      used(mark, `2026-11-24T${String(minute).padStart(2, '0')}:00:00.000Z`),
    );
    await eventually(async () => expect(await lastUsed(mark)).toContain(`T${String(minute).padStart(2, '0')}`));
  };

  await told(1, '2026-11-24T10:00:00.000Z');
  expect(await lastUsed(id)).toBe('2026-11-24T10:00:00.000Z');
  await told(2, '2026-11-24T10:05:00.000Z', '2026-11-24T10:10:00.000Z', '2026-11-24T09:00:00.000Z');
  expect(await lastUsed(id)).toBe('2026-11-24T10:00:00.000Z');
  await told(3, '2026-11-24T10:10:00.001Z', '2026-11-24T10:15:00.000Z');
  expect(await lastUsed(id)).toBe('2026-11-24T10:10:00.001Z');
});

test('uses of unknown and revoked keys pass by, and the checkpoint moves on with the effect', async () => {
  const { id } = await ada.personalKey('gone');
  const { id: mark } = await ada.personalKey('another mark');
  await ada.ok('DELETE', `/api/users/me/api-keys/${id}`);
  const before = await checkpoint();
  await tell(used('unknown', '2026-11-24T10:00:00.000Z'), used(id, '2026-11-24T10:00:00.000Z'));
  await tell(used(mark, '2026-11-24T11:00:00.000Z'));
  await eventually(async () => expect(await lastUsed(mark)).toBe('2026-11-24T11:00:00.000Z'));
  expect(BigInt((await checkpoint()) ?? 0)).toBeGreaterThan(BigInt(before ?? 0));
  const health = await keys.browser().send('GET', '/health/ready');
  expect(health.status).toBe(200);
  expect(health.text).toContain('follower:keys-last-used');
});
