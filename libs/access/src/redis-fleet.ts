import { Bell } from '@tollgate/event-log';
import { CONFIRM_TIMEOUT_MS, Fleet } from './fleet.js';
import type { Confirmation, FleetMember } from './fleet.js';
import type { MemberRecord, RedisDirectoryStore } from './redis-directory-store.js';

/** How much longer than a lease a silent member is waited for: its clock and ours may run a little differently. */
export const FENCE_MARGIN_MS = 250;
/** How often the members are looked at when no confirmation wakes us. */
const LOOK_EVERY_MS = 50;

/** `sinceMs`: when its record was first seen as it is, on our monotonic clock; its last sign of life is no younger. */
type Members = Map<string, MemberRecord & { text: string; sinceMs: number }>;

/** A member as one confirmation sees it. */
interface Awaited {
  leaseMs: number;
  /** On our monotonic clock; whatever it trusted before the change, it trusts no longer than a lease from here. */
  sinceMs: number;
  text?: string;
  appliedAt?: string;
  fenced?: boolean;
}

/**
 * The fleet as Redis knows it: every process that holds a copy of the directory, whether it runs the gateway or another
 * service that admits by key or session.
 *
 * A member is fenced when it has not confirmed for its lease and a margin, counted on our own monotonic clock from when
 * we began to look, which is after the change is in Redis. A lease is prolonged only by an answer that tells all changes,
 * so one that was prolonged since knows this change, and one that was not has run out. A silence that began before counts
 * from its beginning: else a member that died would be waited for without end where a lease is longer than an answer waits.
 */
export class RedisFleet extends Fleet {
  private readonly bell = new Bell();
  /** Whom we saw last and in which epoch: when Redis has lost the list, they may still hold leases. */
  private known: { epoch: string | undefined; members: Members } = { epoch: undefined, members: new Map() };
  private readonly stopListening: () => void;

  constructor(
    private readonly store: RedisDirectoryStore,
    private readonly now: () => Date = () => new Date(),
  ) {
    super();
    this.stopListening = store.redis.listen(store.confirmationsChannel, () => this.bell.ring());
  }

  override async confirm(position: bigint, committedAt: Date, timeoutMs = CONFIRM_TIMEOUT_MS): Promise<Confirmation> {
    const startedMs = performance.now();
    const awaited = new Map<string, Awaited>();
    let goal: { epoch: string; sequence: number } | undefined;
    for (;;) {
      const seen = this.bell.rings;
      try {
        const { epoch, sequence, members } = await this.store.members();
        if (epoch !== undefined) {
          // The change is in Redis, or in the log from which a new epoch was made: so in its number of now.
          if (goal?.epoch !== epoch) goal = { epoch, sequence };
          if (this.known.epoch !== epoch) awaitAll(awaited, this.known.members, startedMs);
          this.known = { epoch, members: this.heard(epoch, members) };
          awaitAll(awaited, this.known.members);
          judge(awaited, this.known.members, goal.sequence);
          if ([...awaited.values()].every(isSettled)) break;
        }
      } catch {
        // Redis is away: whoever still reaches it may go on trusting, so nobody is fenced now.
      }
      if (performance.now() - startedMs >= timeoutMs) break;
      await this.bell.heard(seen, LOOK_EVERY_MS);
    }
    if (!goal) awaitAll(awaited, this.known.members, startedMs);
    await this.forgetFenced(awaited);
    return confirmationOf(awaited, {
      position,
      committedAt,
      nowIso: this.now().toISOString(),
      looked: goal !== undefined,
    });
  }

  override async members(): Promise<FleetMember[]> {
    const { sequence, members } = await this.store.members();
    return [...members]
      .map(([id, { sequence: text, appliedAt, leaseMs, beat }]) => {
        const applied = Number(text);
        return { id, applied, lag: Math.max(0, sequence - applied), appliedAt, leaseMs, beat };
      })
      .sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  close(): void {
    this.stopListening();
  }

  /** In another epoch nothing that was seen before counts: its Redis may hold less than the one of before did. */
  private heard(epoch: string, members: ReadonlyMap<string, MemberRecord & { text: string }>): Members {
    const nowMs = performance.now();
    const before = this.known.epoch === epoch ? this.known.members : undefined;
    return new Map(
      [...members].map(([id, record]) => {
        const last = before?.get(id);
        return [id, { ...record, sinceMs: last?.text === record.text ? last.sinceMs : nowMs }];
      }),
    );
  }

  /**
   * They come back by themselves with their next sign of life, and trust nothing until then: so nobody waits for them
   * either while Redis is away. Others that died stay named then, since they may be the ones that still reach it.
   */
  private async forgetFenced(awaited: Map<string, Awaited>): Promise<void> {
    const fenced = [...awaited].flatMap(([id, { fenced, text }]) =>
      fenced && text !== undefined ? [{ id, text }] : [],
    );
    await this.store.forget(fenced).catch(() => undefined);
    for (const { id, text } of fenced) {
      if (this.known.members.get(id)?.text === text) this.known.members.delete(id);
    }
  }
}

function awaitAll(awaited: Map<string, Awaited>, members: Members, atMs?: number): void {
  for (const [id, { leaseMs, text, sinceMs }] of members) {
    const member = awaited.get(id);
    if (member) Object.assign(member, { leaseMs, text });
    else awaited.set(id, { leaseMs, sinceMs: atMs ?? sinceMs, text });
  }
}

function judge(awaited: Map<string, Awaited>, members: Members, goal: number): void {
  const nowMs = performance.now();
  for (const [id, member] of awaited) {
    if (isSettled(member)) continue;
    const record = members.get(id);
    if (record && Number(record.sequence) >= goal) member.appliedAt = record.appliedAt;
    else if (nowMs - member.sinceMs > member.leaseMs + FENCE_MARGIN_MS) member.fenced = true;
  }
}

function isSettled({ appliedAt, fenced }: Awaited): boolean {
  return appliedAt !== undefined || fenced === true;
}

function confirmationOf(
  awaited: Map<string, Awaited>,
  of: { position: bigint; committedAt: Date; nowIso: string; looked: boolean },
): Confirmation {
  const all = [...awaited].sort(([one], [other]) => (one < other ? -1 : 1));
  const pending = all.filter(([, member]) => !isSettled(member)).map(([id]) => id);
  // Nobody known and nobody to ask: that is no proof that there is nobody.
  if (!of.looked && pending.length === 0) pending.push('unknown');
  return {
    receipt: {
      position: of.position.toString(),
      revokedAt: of.committedAt.toISOString(),
      confirmedAt: pending.length === 0 ? of.nowIso : null,
      gateways: all.flatMap(([id, { appliedAt }]) => (appliedAt === undefined ? [] : [{ id, appliedAt }])),
      fenced: all.flatMap(([id, { fenced }]) => (fenced ? [id] : [])),
    },
    pending,
  };
}
