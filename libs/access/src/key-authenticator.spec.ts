import { digestKey, mintKey } from '@tollgate/api-key';
import fc from 'fast-check';
import { logged } from './directory-story.contract.js';
import type { EntryKind, EntryOf } from './directory-entries.js';
import { Directory, DirectoryUnavailable } from './directory.js';
import type { DirectoryState } from './directory.js';
import { KeyAuthenticator } from './key-authenticator.js';
import { MemoryDirectory } from './memory-directory.js';

const PEPPERS = ['new pepper'.padEnd(32, '!'), 'old pepper'.padEnd(32, '!')] as const;
const NOW_MS = Date.UTC(2026, 10, 24);
const personalKey = mintKey();
const workspaceKey = mintKey();

const keyEvent = { name: 'n', displayKey: '…', expiresAt: null };
const personal = { ...keyEvent, keyId: 'k1', kind: 'personal', ownerId: 'u1', workspaceId: null } as const;
const shared = { ...keyEvent, keyId: 'k2', kind: 'workspace', ownerId: null, workspaceId: 'w1' } as const;
const registered = logged(1, 'UserRegistered', { userId: 'u1', email: 'a@example.com', name: 'A', plan: 'free' });
const revokedAt = '2026-11-24T00:00:00.000Z';

/** A directory that counts its look-ups and may answer late, as one over the network does. */
class WatchedDirectory extends Directory {
  lookUps = 0;
  constructor(
    private readonly inner: MemoryDirectory,
    private readonly late = false,
  ) {
    super();
  }
  override apply(): Promise<void> {
    throw new Error('not used');
  }
  override read<K extends EntryKind>(kind: K, id: string): EntryOf[K] | undefined | Promise<EntryOf[K] | undefined> {
    this.lookUps += 1;
    const entry = this.inner.read(kind, id);
    return this.late ? Promise.resolve(entry) : entry;
  }
  override state(): DirectoryState {
    return this.inner.state();
  }
}

async function given(events = [registered], { late = false, importedKeys = false, prefix = 'sk-sim-' } = {}) {
  const inner = new MemoryDirectory();
  inner.markReady();
  await inner.apply([
    logged(2, 'KeyCreated', { ...personal, digest: digestKey(personalKey, PEPPERS[0]) }),
    logged(3, 'KeyCreated', { ...shared, digest: digestKey(workspaceKey, PEPPERS[0]) }),
    ...events,
  ]);
  const directory = new WatchedDirectory(inner, late);
  const authenticator = new KeyAuthenticator({ directory, peppers: PEPPERS, prefix, importedKeys, now: () => NOW_MS });
  return { inner, directory, authenticator };
}

describe('authenticating a key', () => {
  it('finds the caller of a personal and of a workspace key, without a promise when the directory answers at once', async () => {
    const { authenticator } = await given();
    expect(authenticator.authenticate(personalKey)).toEqual({
      kind: 'key',
      keyId: 'k1',
      keyKind: 'personal',
      keyName: 'n',
      ownerId: 'u1',
      workspaceId: null,
      expiresAtMs: null,
    });
    expect(authenticator.authenticate(workspaceKey)).toMatchObject({
      keyKind: 'workspace',
      ownerId: null,
      workspaceId: 'w1',
    });
    expect(authenticator.authenticate([workspaceKey])).toMatchObject({ keyId: 'k2' });
  });

  it('waits for a directory that answers late', async () => {
    const { authenticator } = await given([registered], { late: true });
    const answer = authenticator.authenticate(personalKey);
    expect(answer).toBeInstanceOf(Promise);
    expect(await answer).toMatchObject({ keyId: 'k1' });
    expect(await authenticator.authenticate(mintKey())).toEqual({ kind: 'invalid' });
  });

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['blanks', '   '],
    ['an empty list', []],
  ])('calls %s missing', async (_, header) => {
    const { authenticator } = await given();
    expect(authenticator.authenticate(header)).toEqual({ kind: 'missing' });
  });

  it.each([
    ['a repeated header as Node joins it', `${personalKey}, ${personalKey}`],
    ['a repeated header as a list', [personalKey, personalKey]],
    ['a mistyped key', `${personalKey.slice(0, -1)}${personalKey.endsWith('a') ? 'b' : 'a'}`],
    ['an invented key of our form', `sk-sim-${'A'.repeat(32)}`],
    ["a key of Sim's older form", `sim_${'A'.repeat(32)}`],
    ['10 kB', 'sk-sim-'.padEnd(10_000, 'A')],
    ['what is not ASCII', 'sk-sim-ключ'],
    ['a key of another prefix', mintKey('other-')],
    ['a bearer token', `Bearer ${personalKey}`],
  ])('refuses %s without a look-up', async (_, header) => {
    const { authenticator, directory } = await given();
    expect(authenticator.authenticate(header)).toEqual({ kind: 'invalid' });
    expect(directory.lookUps).toBe(0);
  });

  it('refuses any text that is no key, whatever it is', async () => {
    const { authenticator } = await given();
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
        expect(authenticator.authenticate(text)).toEqual({ kind: text.trim() === '' ? 'missing' : 'invalid' });
      }),
    );
  });

  it('gives one and the same refusal to unknown, revoked, expired and suspended', async () => {
    const digest = digestKey(personalKey, PEPPERS[0]);
    const refusals = await Promise.all([
      given().then(({ authenticator }) => authenticator.authenticate(mintKey())),
      given([registered, logged(9, 'KeyRevoked', { digest, keyId: 'k1', revokedAt })]).then(({ authenticator }) =>
        authenticator.authenticate(personalKey),
      ),
      given([
        registered,
        logged(9, 'KeyCreated', { ...personal, digest, expiresAt: new Date(NOW_MS).toISOString() }),
      ]).then(({ authenticator }) => authenticator.authenticate(personalKey)),
      given([registered, logged(9, 'UserSuspended', { userId: 'u1' })]).then(({ authenticator }) =>
        authenticator.authenticate(personalKey),
      ),
      given([]).then(({ authenticator }) => authenticator.authenticate(personalKey)),
    ]);
    for (const refusal of refusals) expect(refusal).toBe(refusals[0]);
    expect(refusals[0]).toEqual({ kind: 'invalid' });
  });

  it('admits until the instant of expiry', async () => {
    const digest = digestKey(personalKey, PEPPERS[0]);
    const expiresAt = new Date(NOW_MS + 1).toISOString();
    const { authenticator } = await given([registered, logged(9, 'KeyCreated', { ...personal, digest, expiresAt })]);
    expect(authenticator.authenticate(personalKey)).toMatchObject({ keyId: 'k1' });
  });

  it('refuses from the next request on once a revoke is applied', async () => {
    const { authenticator, inner } = await given();
    expect(authenticator.authenticate(workspaceKey)).toMatchObject({ kind: 'key' });
    await inner.apply([
      logged(9, 'KeyRevoked', { digest: digestKey(workspaceKey, PEPPERS[0]), keyId: 'k2', revokedAt }),
    ]);
    expect(authenticator.authenticate(workspaceKey)).toEqual({ kind: 'invalid' });
  });

  it('lets a workspace key work whoever is suspended', async () => {
    const { authenticator } = await given([registered, logged(9, 'UserSuspended', { userId: 'u1' })]);
    expect(authenticator.authenticate(workspaceKey)).toMatchObject({ keyId: 'k2' });
  });

  it('finds keys under an older pepper, and lets the newest one decide', async () => {
    const key = mintKey();
    const underOld = logged(5, 'KeyCreated', { ...shared, keyId: 'k5', digest: digestKey(key, PEPPERS[1]) });
    const { authenticator, inner } = await given([underOld]);
    expect(authenticator.authenticate(key)).toMatchObject({ keyId: 'k5' });
    const digest = digestKey(key, PEPPERS[0]);
    await inner.apply([
      logged(6, 'KeyCreated', { ...shared, keyId: 'k5', digest }),
      logged(7, 'KeyRevoked', { digest, keyId: 'k5', revokedAt }),
    ]);
    expect(authenticator.authenticate(key)).toEqual({ kind: 'invalid' });
  });

  it("looks up keys of Sim's own forms only where some were imported", async () => {
    const key = `sim_${'Az09-_'.repeat(5)}Az`;
    const imported = logged(5, 'KeyCreated', { ...shared, keyId: 'k6', digest: digestKey(key, PEPPERS[0]) });
    const without = await given([imported]);
    const withImport = await given([imported], { importedKeys: true });
    expect(without.authenticator.authenticate(key)).toEqual({ kind: 'invalid' });
    expect(withImport.authenticator.authenticate(key)).toMatchObject({ keyId: 'k6' });
  });

  it('never turns "I cannot know" into a refusal', async () => {
    const { authenticator, inner } = await given();
    inner.markUnready('flushed');
    expect(() => authenticator.authenticate(personalKey)).toThrow(DirectoryUnavailable);
    expect(authenticator.authenticate('nonsense')).toEqual({ kind: 'invalid' });
  });
});
