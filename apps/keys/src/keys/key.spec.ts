import { KEYS_PER_OWNER_MAX } from '@tollgate/contracts';
import fc from 'fast-check';
import { userActor } from '../fact.js';
import {
  evolve,
  issue,
  type KeyFact,
  type KeyState,
  LAST_USED_WINDOW_MS,
  lastUsedAfter,
  redigest,
  rename,
  revoke,
} from './key.js';

const NOW = new Date('2026-11-24T10:00:00.000Z');
const actor = userActor('ada');
const nothing = { activeKeys: 0, nameTaken: false };
const wish = {
  keyId: 'key1',
  digest: 'a'.repeat(64),
  displayKey: 'sk-sim-...abcd',
  owner: { kind: 'personal', ownerId: 'ada' } as const,
  name: 'laptop',
  expiresAt: null as string | null,
  actor,
};

function given(...facts: KeyFact[]): KeyState {
  return facts.reduce<KeyState | undefined>(evolve, undefined) as KeyState;
}

const created = () => {
  const decided = issue(wish, nothing, NOW);
  if (decided.outcome !== 'issued') throw new Error(decided.outcome);
  return decided.facts[0];
};
const revoked = {
  type: 'KeyRevoked',
  data: { keyId: 'key1', digest: wish.digest, revokedAt: NOW.toISOString(), actor },
};

describe('issuing', () => {
  test('given no key of that name, a personal key belongs to its person and to no workspace', () => {
    expect(created()).toEqual({
      type: 'KeyCreated',
      data: {
        keyId: 'key1',
        digest: wish.digest,
        kind: 'personal',
        name: 'laptop',
        ownerId: 'ada',
        workspaceId: null,
        displayKey: 'sk-sim-...abcd',
        expiresAt: null,
        actor,
      },
    });
  });

  test('a workspace key belongs to its workspace and to no person', () => {
    const decided = issue({ ...wish, owner: { kind: 'workspace', workspaceId: 'w1' } }, nothing, NOW);
    expect(decided).toMatchObject({ facts: [{ data: { kind: 'workspace', ownerId: null, workspaceId: 'w1' } }] });
  });

  test('given a key of that name, it is refused', () => {
    expect(issue(wish, { activeKeys: 1, nameTaken: true }, NOW)).toEqual({ outcome: 'nameTaken' });
  });

  test('given as many keys as one may hold, it is refused; with one less it is not', () => {
    expect(issue(wish, { ...nothing, activeKeys: KEYS_PER_OWNER_MAX }, NOW)).toEqual({ outcome: 'tooManyKeys' });
    expect(issue(wish, { ...nothing, activeKeys: KEYS_PER_OWNER_MAX - 1 }, NOW).outcome).toBe('issued');
  });

  test.each([
    ['2026-11-24T10:00:00.000Z', 'expiryPast'],
    ['2026-11-24T10:00:00.001Z', 'issued'],
    ['2036-11-24T10:00:00.000Z', 'issued'],
    ['2036-11-24T10:00:00.001Z', 'expiryTooFar'],
  ])('an expiry at %s, asked for at 2026-11-24T10:00, is %s', (expiresAt, outcome) => {
    expect(issue({ ...wish, expiresAt }, nothing, NOW).outcome).toBe(outcome);
  });
});

describe('revoking', () => {
  test('given an active key, it is revoked at that time', () => {
    expect(revoke(given(created()), NOW, actor)).toEqual([revoked]);
  });

  test('given a revoked key, there is nothing to revoke', () => {
    expect(revoke(given(created(), revoked as KeyFact), NOW, actor)).toEqual([]);
  });
});

describe('renaming', () => {
  test('given another key of that name, it is refused', () => {
    expect(rename(given(created()), 'server', true, actor)).toEqual({ outcome: 'nameTaken' });
  });

  test('the name it has is no change, although it is taken: by itself', () => {
    expect(rename(given(created()), 'laptop', true, actor)).toEqual({ outcome: 'renamed', facts: [] });
  });

  test('the fact carries the digest, by which the directory knows the key', () => {
    expect(rename(given(created()), 'server', false, actor)).toEqual({
      outcome: 'renamed',
      facts: [{ type: 'KeyRenamed', data: { keyId: 'key1', digest: wish.digest, name: 'server', actor } }],
    });
  });
});

describe('a newer pepper', () => {
  const [older, newer] = [wish.digest, 'b'.repeat(64)];
  const moved = () => redigest(given(created()), newer, actor)[0] as KeyFact;

  test('tells all of the key by its new digest, and by which one it was known', () => {
    const { keyId, name, expiresAt } = wish;
    const data = { keyId, digest: newer, formerDigests: [older], kind: 'personal', name, expiresAt, actor };
    expect(moved()).toEqual({ type: 'KeyRedigested', data: { ...data, ownerId: 'ada', workspaceId: null } });
  });

  test('is nothing to a key that is under it, and to a revoked one', () => {
    expect(redigest(given(created(), moved()), newer, actor)).toEqual([]);
    expect(redigest(given(created(), revoked as KeyFact), newer, actor)).toEqual([]);
  });

  test('what is said of the key after it is said of both digests', () => {
    const key = given(created(), moved());
    expect(revoke(key, NOW, actor)[0]?.data).toMatchObject({ digest: newer, formerDigests: [older] });
    expect(rename(key, 'server', false, actor)).toMatchObject({
      facts: [{ data: { digest: newer, formerDigests: [older] } }],
    });
  });

  test('gone back to, the digest is not among its former ones', () => {
    expect(redigest(given(created(), moved()), older, actor)[0]?.data.formerDigests).toEqual([newer]);
  });
});

test('applying facts twice is once, and no order of later facts brings a revoked key back', () => {
  const renamed: KeyFact = {
    type: 'KeyRenamed',
    data: { keyId: 'key1', digest: wish.digest, name: 'server', actor },
  };
  const later = fc.array(fc.constantFrom<KeyFact>(created(), renamed, revoked as KeyFact), { maxLength: 8 });
  fc.assert(
    fc.property(later, (facts) => {
      const once = facts.reduce<KeyState | undefined>(evolve, given(created()));
      const twice = facts.flatMap((fact) => [fact, fact]).reduce<KeyState | undefined>(evolve, given(created()));
      expect(twice).toEqual(once);
      expect(once?.revoked).toBe(facts.some(({ type }) => type === 'KeyRevoked'));
    }),
  );
});

describe('lastUsed', () => {
  test('moves from null, stays for ten minutes, then moves', () => {
    const first = lastUsedAfter(null, 1_000);
    expect(first).toBe(1_000);
    expect(lastUsedAfter(first, first + LAST_USED_WINDOW_MS)).toBe(first);
    expect(lastUsedAfter(first, first + LAST_USED_WINDOW_MS + 1)).toBe(first + LAST_USED_WINDOW_MS + 1);
  });

  test('never goes back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0 }), fc.integer({ min: 0 }), (last, used) => {
        expect(lastUsedAfter(last, used)).toBeGreaterThanOrEqual(last);
      }),
    );
  });
});
