import { FORMER_DIGESTS_MAX, KEY_LIFETIME_YEARS_MAX, KEYS_PER_OWNER_MAX } from '@tollgate/contracts';
import type { Actor, KeyKind } from '@tollgate/contracts';
import type { FactOf } from '../fact.js';

/** The rules of a key's life. Pure: time comes in as an argument, what happened goes out as facts. */
export type KeyFact = FactOf<'KeyCreated' | 'KeyRenamed' | 'KeyRevoked' | 'KeyRedigested'>;

export interface KeyState {
  keyId: string;
  digest: string;
  /** What it was known by under earlier peppers, newest first. */
  formerDigests: readonly string[];
  kind: KeyKind;
  name: string;
  /** The person of a personal key. */
  ownerId: string | null;
  /** The workspace of a workspace key. */
  workspaceId: string | null;
  /** ISO instant; null: does not expire. */
  expiresAt: string | null;
  revoked: boolean;
}

/** Whose key it is: a person's or a workspace's. */
export type KeyOwner = { kind: 'personal'; ownerId: string } | { kind: 'workspace'; workspaceId: string };

/** What the owner holds already, as far as a new name asks. Revoked keys do not count. */
export interface Holdings {
  activeKeys: number;
  nameTaken: boolean;
}

export interface KeyWish {
  keyId: string;
  digest: string;
  displayKey: string;
  owner: KeyOwner;
  name: string;
  /** ISO instant; null: does not expire. */
  expiresAt: string | null;
  actor: Actor;
}

export type Issuing =
  | { outcome: 'issued'; facts: [FactOf<'KeyCreated'>] }
  | { outcome: 'nameTaken' }
  | { outcome: 'tooManyKeys' }
  | { outcome: 'expiryPast' }
  | { outcome: 'expiryTooFar' };

/** Folds a fact into the state; the same fact twice is once, and nothing brings a revoked key back. */
export function evolve(state: KeyState | undefined, { type, data }: KeyFact): KeyState | undefined {
  switch (type) {
    case 'KeyCreated':
      if (state) return state;
      return {
        keyId: data.keyId,
        digest: data.digest,
        formerDigests: [],
        kind: data.kind,
        name: data.name,
        ownerId: data.ownerId,
        workspaceId: data.workspaceId,
        expiresAt: data.expiresAt,
        revoked: false,
      };
    case 'KeyRenamed':
      return state && { ...state, name: data.name };
    case 'KeyRevoked':
      return state && { ...state, revoked: true };
    case 'KeyRedigested':
      return state && { ...state, digest: data.digest, formerDigests: data.formerDigests };
  }
}

/** Contract B1.1 and A1 rows 11 and 12. */
export function issue(wish: KeyWish, holdings: Holdings, now: Date): Issuing {
  const { owner, expiresAt } = wish;
  if (expiresAt !== null && Date.parse(expiresAt) <= now.getTime()) return { outcome: 'expiryPast' };
  if (expiresAt !== null && Date.parse(expiresAt) > latestExpiry(now)) return { outcome: 'expiryTooFar' };
  if (holdings.nameTaken) return { outcome: 'nameTaken' };
  if (holdings.activeKeys >= KEYS_PER_OWNER_MAX) return { outcome: 'tooManyKeys' };
  return {
    outcome: 'issued',
    facts: [
      {
        type: 'KeyCreated',
        data: {
          keyId: wish.keyId,
          digest: wish.digest,
          kind: owner.kind,
          name: wish.name,
          ownerId: owner.kind === 'personal' ? owner.ownerId : null,
          workspaceId: owner.kind === 'workspace' ? owner.workspaceId : null,
          displayKey: wish.displayKey,
          expiresAt,
          actor: wish.actor,
        },
      },
    ],
  };
}

/** Revoking is final, and a revoked key cannot be revoked again. */
export function revoke(key: KeyState, at: Date, actor: Actor): FactOf<'KeyRevoked'>[] {
  if (key.revoked) return [];
  return [{ type: 'KeyRevoked', data: { ...known(key), revokedAt: at.toISOString(), actor } }];
}

export type Renaming = { outcome: 'renamed'; facts: FactOf<'KeyRenamed'>[] } | { outcome: 'nameTaken' };

/** `nameTaken`: another active key of the same owner has the name. The name it has already is no change. */
export function rename(key: KeyState, name: string, nameTaken: boolean, actor: Actor): Renaming {
  if (name === key.name) return { outcome: 'renamed', facts: [] };
  if (nameTaken) return { outcome: 'nameTaken' };
  return {
    outcome: 'renamed',
    facts: [{ type: 'KeyRenamed', data: { ...known(key), name, actor } }],
  };
}

/** A key under a newer pepper. One that has this digest already needs nothing; a revoked one stays as it was found. */
export function redigest(key: KeyState, digest: string, actor: Actor): FactOf<'KeyRedigested'>[] {
  if (key.revoked || key.digest === digest) return [];
  const { keyId, kind, name, ownerId, workspaceId, expiresAt } = key;
  const formerDigests = [key.digest, ...key.formerDigests.filter((each) => each !== digest)];
  const data = {
    ...{ keyId, digest, formerDigests: formerDigests.slice(0, FORMER_DIGESTS_MAX) },
    ...{ kind, name, ownerId, workspaceId, expiresAt, actor },
  };
  return [{ type: 'KeyRedigested', data }];
}

/** By what a key may be looked up. */
function known({ keyId, digest, formerDigests }: KeyState) {
  return { keyId, digest, ...(formerDigests.length > 0 && { formerDigests: [...formerDigests] }) };
}

/** `lastUsed` moves only when it is this old (contract B1): it is for display, and each move is a write. */
export const LAST_USED_WINDOW_MS = 10 * 60 * 1000;

/** The `lastUsed` that a use makes, in epoch milliseconds. Safe to repeat and to hear late. */
export function lastUsedAfter(lastUsedMs: number | null, usedMs: number): number {
  return lastUsedMs === null || usedMs - lastUsedMs > LAST_USED_WINDOW_MS ? usedMs : lastUsedMs;
}

function latestExpiry(now: Date): number {
  const latest = new Date(now);
  latest.setUTCFullYear(latest.getUTCFullYear() + KEY_LIFETIME_YEARS_MAX);
  return latest.getTime();
}
