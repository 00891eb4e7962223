import { digestsOf, parseKey } from '@tollgate/api-key';
import type { KeyKind } from '@tollgate/contracts';
import { andThen } from './and-then.js';
import type { KeyEntry } from './directory-entries.js';
import type { Directory } from './directory.js';

/** Who calls with a key. */
export interface Caller {
  kind: 'key';
  keyId: string;
  keyKind: KeyKind;
  keyName: string;
  /** The person a personal key stands for; null for a workspace key. */
  ownerId: string | null;
  /** The one workspace of a workspace key; null for a personal key. */
  workspaceId: string | null;
  /** When the key stops to be one; null: never. */
  expiresAtMs?: number | null;
}

/** `missing`: no key was sent. `invalid`: unknown, revoked, expired or of a suspended person, never told apart (contract B2). */
export type KeyRefusal = { kind: 'missing' } | { kind: 'invalid' };

export interface KeyAuthenticatorOptions {
  directory: Directory;
  /** `KEY_PEPPERS`, newest first. */
  peppers: readonly string[];
  /** `KEY_PREFIX`. */
  prefix: string;
  /** Whether keys that Sim issued were imported here. Otherwise such shapes are refused by their text alone. */
  importedKeys?: boolean;
  now?: () => number;
}

/** Longest text worth looking at: the longest prefix (32) and the part after it (32). */
const KEY_CHARACTERS_MAX = 64;

const MISSING: KeyRefusal = Object.freeze({ kind: 'missing' });
const INVALID: KeyRefusal = Object.freeze({ kind: 'invalid' });

/**
 * Turns the `X-API-Key` header into a caller (contract A1 row 4, A6 "Suspended people" and "Digest", B2).
 * Without Nest, and without a promise when the directory answers at once, so that the hot routes can call it from a
 * Fastify hook. Keeps no key and no digest between calls.
 */
export class KeyAuthenticator {
  private readonly now: () => number;

  constructor(private readonly options: KeyAuthenticatorOptions) {
    this.now = options.now ?? Date.now;
  }

  /**
   * Throws or rejects with `DirectoryUnavailable` when the truth cannot be had: answer 503, never a wrong 401.
   * Node joins a repeated header with `, `: such a value is no key's text and is refused like any other.
   */
  authenticate(header: string | string[] | undefined): Caller | KeyRefusal | Promise<Caller | KeyRefusal> {
    const text = typeof header === 'object' ? header.join(', ') : header;
    if (text === undefined || text === '') return MISSING;
    if (text.length > KEY_CHARACTERS_MAX) return INVALID;
    if (text.trim() === '') return MISSING;
    const parsed = parseKey(text, this.options.prefix);
    if (parsed.kind === 'malformed' || (parsed.kind === 'foreign' && !this.options.importedKeys)) return INVALID;
    return this.judge(digestsOf(text, this.options.peppers), 0);
  }

  /**
   * The first digest that is known decides, newest pepper first, also when it says "revoked": a record that was
   * re-digested under a new pepper is revoked under that one, and its older entry must not speak for it any more.
   */
  private judge(digests: readonly string[], index: number): Caller | KeyRefusal | Promise<Caller | KeyRefusal> {
    const digest = digests[index];
    if (digest === undefined) return INVALID;
    return andThen(this.options.directory.read('key', digest), (key) =>
      key === undefined ? this.judge(digests, index + 1) : this.judgeEntry(key),
    );
  }

  private judgeEntry(key: KeyEntry): Caller | KeyRefusal | Promise<Caller | KeyRefusal> {
    if (key.revoked || (key.expiresAtMs !== null && key.expiresAtMs <= this.now())) return INVALID;
    if (key.kind === 'workspace') return key.workspaceId === null ? INVALID : callerOf(key);
    if (key.ownerId === null) return INVALID;
    return andThen(this.options.directory.read('user', key.ownerId), (owner) =>
      owner === undefined || owner.suspended ? INVALID : callerOf(key),
    );
  }
}

function callerOf(key: KeyEntry): Caller {
  return {
    kind: 'key',
    keyId: key.keyId,
    keyKind: key.kind,
    keyName: key.name,
    ownerId: key.ownerId,
    workspaceId: key.workspaceId,
    expiresAtMs: key.expiresAtMs,
  };
}
