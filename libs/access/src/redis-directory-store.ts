import { randomUUID } from 'node:crypto';
import type { LoggedEvent } from '@tollgate/contracts';
import { changesOf, entryOf } from './directory-fold.js';
import type { FieldChange } from './directory-fold.js';
import { ENTRY_KINDS } from './directory-entries.js';
import type { EntryKind, EntryOf } from './directory-entries.js';
import type { HeldEntry } from './directory-fingerprint.js';
import { RedisUnavailable } from './redis-connection.js';
import type { AnyRedis } from './redis-connection.js';
import { APPLY, BEGIN, EPOCH, FORGET, HELD, MARK, MEMBERS, READ, SYNC } from './redis-directory-scripts.js';

/** Digits of a padded position: those of the largest bigint of PostgreSQL, and one. */
const POSITION_DIGITS = 20;
/** Lines of the change stream that are kept: a member that is further behind drops its copy. */
const CHANGES_KEPT = 20_000;
const CHANGES_PER_SYNC = 1_000;
/** Longest that applying the whole log may take. */
const MARK_SECONDS = 3_600;
/** Entries of one call of the script, which holds up everybody else for as long as it runs. */
const ENTRIES_PER_APPLY = 200;
/** Likewise when all of them are read. */
const ENTRIES_PER_PAGE = 200;

export interface StoredEntry<K extends EntryKind> {
  /** Undefined: what is in Redis is not a whole directory, so it proves nothing. */
  epoch: string | undefined;
  /** All changes up to here are in it. */
  sequence: number;
  entry: EntryOf[K] | undefined;
}

/** A member of the fleet as it is in Redis. */
export interface MemberRecord {
  /** Of its copy: all changes up to here are applied. A string of digits, as the scripts compare it. */
  sequence: string;
  /** When it had applied the last one, by its own clock; ISO 8601. */
  appliedAt: string;
  leaseMs: number;
  /** Another one at each sign of life. */
  beat: number;
}

export interface SyncReply {
  epoch: string | undefined;
  sequence: number;
  position: bigint;
  /** The changes after the member's own sequence, oldest first: each its number and the names of what it touched. */
  changes: { sequence: number; names: string[] }[];
}

/**
 * The directory as it lies in Redis: a hash per entry, whose fields carry the position that set them; the number of the
 * last change; the last changes; who holds copies; and the epoch, which says that it is whole.
 *
 * All of these keys share one slot (the tag `{directory}`), so a change, its number and its line are one atomic step on
 * a cluster too. The price is that the directory lives on one shard: about a kilobyte for each key there is. Nearly all
 * reads are served by the processes' copies.
 *
 * The epoch ends in the server's run id. A flushed Redis has none, a restarted one another run: both are not whole until
 * the log has been applied again and `begin` was called.
 */
export class RedisDirectoryStore {
  readonly changesChannel: string;
  readonly confirmationsChannel: string;
  private readonly keys: Record<'epoch' | 'sequence' | 'position' | 'changes' | 'members', string>;

  constructor(
    readonly redis: AnyRedis,
    private readonly prefix = 'tollgate',
  ) {
    const key = (name: string) => `${prefix}:{directory}:${name}`;
    this.keys = {
      epoch: key('epoch'),
      sequence: key('sequence'),
      position: key('position'),
      changes: key('changes'),
      members: key('members'),
    };
    this.changesChannel = key('changed');
    this.confirmationsChannel = key('confirmed');
  }

  /** The run of the server that holds the directory; undefined while that is not connected. */
  get runId(): string | undefined {
    return this.redis.runIdOf(this.keys.epoch);
  }

  /** Folds events; when it resolves they are in Redis, and every member is told. Gives the number of the last change. */
  async apply(
    events: readonly LoggedEvent[],
  ): Promise<{ sequence: number; position: bigint; touched: [EntryKind, string][] }> {
    const ofEntry = new Map<string, FieldChange[]>();
    let highest = 0n;
    for (const event of events) {
      if (event.position > highest) highest = event.position;
      for (const change of changesOf(event)) {
        const name = nameOf(change.kind, change.id);
        const changes = ofEntry.get(name);
        if (changes) changes.push(change);
        else ofEntry.set(name, [change]);
      }
    }
    const entries = [...ofEntry];
    let reply = { sequence: 0, position: 0n };
    // At least once, also without any entry: the position moves by every event.
    for (let at = 0; at === 0 || at < entries.length; at += ENTRIES_PER_APPLY) {
      reply = await this.applyEntries(entries.slice(at, at + ENTRIES_PER_APPLY), highest);
    }
    return { ...reply, touched: entries.map(([name]) => entryOfName(name)) };
  }

  async read<K extends EntryKind>(kind: K, id: string): Promise<StoredEntry<K>> {
    const keys = [this.keys.epoch, this.keys.sequence, this.entryKey(nameOf(kind, id))];
    const [epoch, sequence, flat] = await this.redis.eval<[string, string, string[]]>(READ, keys, []);
    const entry = flat.length === 0 ? undefined : entryOf(kind, fieldsOf(flat));
    return { epoch: this.wholeEpoch(epoch), sequence: Number(sequence), entry };
  }

  /** See `SYNC`. */
  async sync(member: string, epoch: string | undefined, record: MemberRecord): Promise<SyncReply> {
    const { keys } = this;
    const [now, sequence, position, lines] = await this.redis.eval<[string, string, string, [string, string[]][]]>(
      SYNC,
      [keys.epoch, keys.sequence, keys.position, keys.changes, keys.members],
      [member, epoch ?? '', record.sequence, JSON.stringify(record), this.confirmationsChannel, CHANGES_PER_SYNC],
    );
    const changes = lines.map(([id, [, names = '[]']]) => ({
      sequence: Number(id.split('-')[0]),
      names: JSON.parse(names) as string[],
    }));
    return { epoch: this.wholeEpoch(now), sequence: Number(sequence), position: BigInt(position), changes };
  }

  /** Who holds copies, with each record's own text. */
  async members(): Promise<{
    epoch: string | undefined;
    sequence: number;
    members: Map<string, MemberRecord & { text: string }>;
  }> {
    const keys = [this.keys.epoch, this.keys.sequence, this.keys.members];
    const [epoch, sequence, flat] = await this.redis.eval<[string, string, string[]]>(MEMBERS, keys, []);
    const members = new Map<string, MemberRecord & { text: string }>();
    for (let at = 0; at < flat.length; at += 2) {
      const text = flat[at + 1] as string;
      members.set(flat[at] as string, { ...(JSON.parse(text) as MemberRecord), text });
    }
    return { epoch: this.wholeEpoch(epoch), sequence: Number(sequence), members };
  }

  /** Takes members out of the fleet, those with a record only if it is still this one. */
  async forget(members: readonly { id: string; text?: string }[]): Promise<void> {
    if (members.length === 0) return;
    await this.redis.eval(
      FORGET,
      [this.keys.members],
      members.flatMap(({ id, text = '' }) => [id, text]),
    );
  }

  /** Whether what lies in Redis is a whole directory. */
  async isWhole(): Promise<boolean> {
    return this.wholeEpoch(await this.redis.eval<string>(EPOCH, [this.keys.epoch], [])) !== undefined;
  }

  /**
   * Whoever applies the whole log says so before and calls `begin` after. Gives the mark that `begin` needs: it does
   * not survive a flush or a restart, so half a directory is never taken for a whole one.
   */
  async mark(): Promise<string> {
    const { runId } = this;
    if (runId === undefined) throw new RedisUnavailable('it is not connected');
    const mark = `${this.prefix}:{directory}:rebuilt-by:${randomUUID()}@${runId}`;
    await this.redis.eval(MARK, [mark], [MARK_SECONDS]);
    return mark;
  }

  /** The whole log has been applied since `mark`: from now on what is here may be trusted. */
  async begin(mark: string): Promise<void> {
    const run = mark.slice(mark.lastIndexOf('@'));
    if (run !== `@${this.runId}`) throw new RedisUnavailable('it was restarted meanwhile');
    const began = await this.redis.eval<number>(BEGIN, [this.keys.epoch, mark], [`${randomUUID()}${run}`, run]);
    if (began !== 1) throw new RedisUnavailable('it was flushed meanwhile');
  }

  /** All that is held, tombstones included, page by page; an entry may come twice. What changes meanwhile may be missed. */
  async *held(): AsyncGenerator<HeldEntry> {
    const before = this.entryKey('');
    let cursor = '0';
    do {
      const values = [cursor, `${before}*:*`, ENTRIES_PER_PAGE];
      const [next, page] = await this.redis.eval<[string, [string, string[]][]]>(HELD, [this.keys.epoch], values);
      for (const [key, flat] of page) {
        const name = key.slice(before.length);
        if (isEntryKind(entryOfName(name)[0])) yield { name, fields: heldFieldsOf(flat) };
      }
      cursor = next;
    } while (cursor !== '0');
  }

  private async applyEntries(entries: [string, FieldChange[]][], highest: bigint) {
    const keys = [this.keys.sequence, this.keys.changes, this.keys.position];
    const values: (string | number)[] = [CHANGES_KEPT, this.changesChannel, padded(highest)];
    for (const [name, changes] of entries) {
      keys.push(this.entryKey(name));
      values.push(name, changes.length);
      for (const { field, position, value } of changes) values.push(field, padded(position), JSON.stringify(value));
    }
    const [sequence, position] = await this.redis.eval<[string, string]>(APPLY, keys, values);
    return { sequence: Number(sequence), position: BigInt(position) };
  }

  private entryKey(name: string): string {
    return `${this.prefix}:{directory}:${name}`;
  }

  private wholeEpoch(epoch: string): string | undefined {
    const { runId } = this;
    return runId !== undefined && epoch.endsWith(`@${runId}`) ? epoch : undefined;
  }
}

function nameOf(kind: EntryKind, id: string): string {
  return `${kind}:${id}`;
}

/** The kind and id that a name of the change stream stands for. */
export function entryOfName(name: string): [EntryKind, string] {
  const end = name.indexOf(':');
  return [name.slice(0, end) as EntryKind, name.slice(end + 1)];
}

function padded(position: bigint): string {
  return position.toString().padStart(POSITION_DIGITS, '0');
}

function isEntryKind(kind: string): boolean {
  return (ENTRY_KINDS as string[]).includes(kind);
}

function heldFieldsOf(flat: readonly string[]): HeldEntry['fields'] {
  const fields: HeldEntry['fields'] = [];
  for (let at = 0; at < flat.length; at += 2) {
    const [field, text] = [flat[at] as string, flat[at + 1] as string];
    const position = BigInt(text.slice(0, POSITION_DIGITS));
    fields.push({ field, position, value: JSON.parse(text.slice(POSITION_DIGITS)) });
  }
  return fields;
}

function fieldsOf(flat: readonly string[]): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  for (let at = 0; at < flat.length; at += 2) {
    fields.set(flat[at] as string, JSON.parse((flat[at + 1] as string).slice(POSITION_DIGITS)));
  }
  return fields;
}
