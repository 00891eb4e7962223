import { RedisConnection, RedisUnavailable } from './redis-connection.js';
import type { AnyRedis, RedisAddress, SlotRange } from './redis-connection.js';
import type { RedisScript } from './redis-script.js';
import { SLOTS, slotOf } from './redis-slots.js';

/** How long the shards are left alone after they were asked who has which slots. */
const LOOK_PAUSE_MS = 100;

interface Listening {
  channel: string;
  listener: () => void;
  node?: RedisConnection | undefined;
  stop?: (() => void) | undefined;
}

/**
 * A Redis Cluster: a connection of its own to each primary, and every script goes to the one that has its keys' slot.
 *
 * The connections are those of a single Redis, so what is known of one holds for each: above all which run of a server
 * answered. A replica that takes over is another run, and what it holds is not believed until the log was applied to it.
 *
 * Who has which slots is asked at the start and whenever a call failed. A call that was refused for a slot that has
 * moved goes to its new place once; nothing else is sent twice. While a slot is on its way, its keys are unavailable.
 */
export class RedisCluster implements AnyRedis {
  private nodes = new Map<string, RedisConnection>();
  private owners: (RedisConnection | undefined)[] = [];
  private readonly listenings = new Set<Listening>();
  private readonly opened = new Set<() => void>();
  private looking: Promise<void> | undefined;
  private lookedAtMs = 0;
  private looks = 0;
  private isClosed = false;

  private constructor(
    readonly address: RedisAddress,
    private readonly seeds: readonly RedisAddress[],
  ) {}

  /** Learns the rest from one node. Rejects with what is wrong with any primary, or when a slot has none. */
  static async open(node: RedisConnection, seeds: readonly RedisAddress[]): Promise<RedisCluster> {
    const cluster = new RedisCluster(node.address, seeds);
    try {
      const faults = await cluster.take(await node.slots());
      if (faults.length > 0) throw faults[0];
      const missing = cluster.owners.filter((owner) => owner === undefined).length;
      if (missing > 0) {
        throw new Error(`Cannot use ${settingOf(node)}: nobody in this cluster has ${missing} of the ${SLOTS} slots`);
      }
      return cluster;
    } catch (error) {
      cluster.close();
      throw error;
    } finally {
      node.close();
    }
  }

  /** See `RedisConnection.runId`, of the shard that has this key. */
  runIdOf(key: string): string | undefined {
    return this.ownerOf(key)?.runId;
  }

  shardOf(key: string): object {
    return this.ownerOf(key) ?? this;
  }

  async eval<Reply>(
    script: RedisScript,
    keys: readonly string[],
    values: readonly (string | number)[],
  ): Promise<Reply> {
    const [key = ''] = keys;
    try {
      return await this.expectOwner(key).eval<Reply>(script, keys, values);
    } catch (error) {
      if (!isMoved(error)) {
        if (performance.now() - this.lookedAtMs > LOOK_PAUSE_MS) void this.look();
        throw error;
      }
      await this.look();
      return this.expectOwner(key).eval<Reply>(script, keys, values);
    }
  }

  /** How many keys there are on all shards. */
  async size(): Promise<number> {
    const sizes = await Promise.all([...this.nodes.values()].map((node) => node.size()));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  listen(channel: string, listener: () => void): () => void {
    const listening: Listening = { channel, listener };
    this.listenings.add(listening);
    this.tune(listening);
    return () => {
      this.listenings.delete(listening);
      listening.stop?.();
    };
  }

  onOpen(listener: () => void): () => void {
    this.opened.add(listener);
    return () => void this.opened.delete(listener);
  }

  close(): void {
    this.isClosed = true;
    for (const node of this.nodes.values()) node.close();
  }

  private ownerOf(key: string): RedisConnection | undefined {
    return this.owners[slotOf(key)];
  }

  private expectOwner(key: string): RedisConnection {
    const owner = this.ownerOf(key);
    if (!owner) throw new RedisUnavailable('no shard of the cluster is known to have its slot');
    return owner;
  }

  private look(): Promise<void> {
    return (this.looking ??= this.lookNow().finally(() => {
      this.looking = undefined;
      this.lookedAtMs = performance.now();
    }));
  }

  /** Begins with another node each time: one that was left behind by the others goes on telling what was. */
  private async lookNow(): Promise<void> {
    const nodes = [...this.nodes.values()];
    this.looks += 1;
    for (let nth = 0; nth < nodes.length && !this.isClosed; nth += 1) {
      const slots = await nodes[(this.looks + nth) % nodes.length]?.slots().catch(() => undefined);
      if (slots) return void (await this.take(slots));
    }
    for (const seed of this.seeds) {
      const node = this.isClosed ? undefined : await RedisConnection.open(seed).catch(() => undefined);
      const slots = await node?.slots().catch(() => undefined);
      node?.close();
      if (slots) return void (await this.take(slots));
    }
  }

  /** Connects to primaries that are new, lets go of those that are none any more. Gives the faults of new ones. */
  private async take(ranges: readonly SlotRange[]): Promise<Error[]> {
    const faults: Error[] = [];
    const nodes = new Map<string, RedisConnection>();
    await Promise.all(
      [...new Set(ranges.map(({ place }) => place))].map(async (place) => {
        const node =
          this.nodes.get(place) ?? (await this.connect(place).catch((error: Error) => void faults.push(error)));
        if (node) nodes.set(place, node);
      }),
    );
    for (const [place, node] of this.nodes) if (nodes.get(place) !== node) node.close();
    this.nodes = nodes;
    if (this.isClosed) this.close();
    const owners = Array<RedisConnection | undefined>(SLOTS).fill(undefined);
    for (const { from, to, place } of ranges) owners.fill(nodes.get(place), from, to + 1);
    this.owners = owners;
    for (const listening of this.listenings) this.tune(listening);
    return faults;
  }

  private async connect(place: string): Promise<RedisConnection> {
    const url = new URL(this.address.url);
    url.host = place;
    const node = await RedisConnection.open({ ...this.address, url: url.href });
    node.onOpen(() => this.opened.forEach((listener) => listener()));
    return node;
  }

  /** A message is heard on every shard; the one of the channel's own slot is the one whose changes it tells. */
  private tune(listening: Listening): void {
    const node = this.ownerOf(listening.channel);
    if (node === listening.node) return;
    listening.stop?.();
    listening.node = node;
    listening.stop = node?.listen(listening.channel, listening.listener);
    // What was said meanwhile is lost.
    listening.listener();
  }
}

function settingOf({ address }: RedisConnection): string {
  return address.setting ?? 'REDIS_URL';
}

function isMoved(error: unknown): boolean {
  return error instanceof RedisUnavailable && error.cause instanceof Error && error.cause.message.startsWith('MOVED ');
}
