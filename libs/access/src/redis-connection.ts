import { Redis } from 'ioredis';
import type { RedisOptions } from 'ioredis';
import type { RedisScript } from './redis-script.js';

/** Functions used here exist since this version; older ones fail in the middle of things. */
const VERSION_MIN = [6, 2] as const;
const CONNECT_TIMEOUT_MS = 5_000;
/** Longest a single command may take. Whoever waits has another way, or refuses. */
const COMMAND_TIMEOUT_MS = 750;
/** Commands in a row without an answer after which the line is taken for dead, although it looks open. */
const SILENCES_MAX = 3;
const RECONNECT_PAUSE_MS_MAX = 500;

/** What makes Redis throw away entries when it is full: a directory must never lose one in silence. */
const LOSSLESS_POLICIES = new Set(['noeviction', 'volatile-lru', 'volatile-lfu', 'volatile-random', 'volatile-ttl']);

export interface RedisAddress {
  /** `redis://` or, with TLS, `rediss://`; user, password and database number as in the URL's standard form. */
  url: string;
  /** PEM of the authority that signed the server's certificate, where it is none of the system's. */
  ca?: string | undefined;
  /** Where the address comes from, for whoever reads a fault. Default `REDIS_URL`. */
  setting?: string;
}

/** Slots of a cluster, from one to another inclusive, and the `host:port` of the primary that has them. */
export interface SlotRange {
  from: number;
  to: number;
  place: string;
}

/** What the directory and the counters need of a Redis, be it one server or a cluster. */
export type AnyRedis = Pick<
  RedisConnection,
  'address' | 'runIdOf' | 'shardOf' | 'eval' | 'size' | 'listen' | 'onOpen' | 'close'
>;

/** Redis cannot be reached or does not answer in time. */
export class RedisUnavailable extends Error {
  constructor(reason: string, cause?: unknown) {
    super(`Redis is unavailable: ${reason}`, { cause });
    this.name = 'RedisUnavailable';
  }
}

/**
 * One process's connection to Redis: commands, auto-pipelined, and a second one for subscriptions. Commands fail at
 * once while there is no connection and are never sent a second time by themselves.
 *
 * It knows which run of the server it speaks with (`runId`): a server that was restarted may have come back with older
 * data, or none, and nothing in the data itself tells so.
 */
export class RedisConnection {
  private readonly commands: Redis;
  private readonly subscriber: Redis;
  private readonly listeners = new Map<string, Set<() => void>>();
  private readonly opened = new Set<() => void>();
  private run: string | undefined;
  private generation = 0;
  private silences = 0;
  private inCluster = false;
  private closed = false;

  private constructor(readonly address: RedisAddress) {
    const options: RedisOptions = {
      enableAutoPipelining: true,
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      lazyConnect: true,
      connectTimeout: CONNECT_TIMEOUT_MS,
      disconnectTimeout: 500,
      commandTimeout: COMMAND_TIMEOUT_MS,
      retryStrategy: (times) => Math.min(times * 50, RECONNECT_PAUSE_MS_MAX),
      ...(address.ca !== undefined && address.url.startsWith('rediss:') && { tls: { ca: address.ca } }),
    };
    this.commands = new Redis(address.url, options);
    this.subscriber = new Redis(address.url, { ...options, enableAutoPipelining: false, enableOfflineQueue: true });
    for (const client of [this.commands, this.subscriber]) client.on('error', () => undefined);
    this.commands.on('close', () => {
      this.run = undefined;
      this.generation += 1;
    });
    this.commands.on('ready', () => void this.greet());
    this.subscriber.on('message', (channel: string) => this.heard(channel));
    // What was said while nobody listened is lost: so whoever listens looks for himself now.
    this.subscriber.on('ready', () => [...this.listeners.keys()].forEach((channel) => this.heard(channel)));
  }

  /** Rejects, in words that name the address and never its password, when Redis cannot be reached or used. */
  static async open(address: RedisAddress): Promise<RedisConnection> {
    const connection = new RedisConnection(address);
    try {
      // One after the other: when the first is refused, no other handshake is cut off in the middle.
      await connectOnce(connection.commands);
      await connectOnce(connection.subscriber);
      await connection.expectUsable();
      return connection;
    } catch (error) {
      connection.close();
      const setting = address.setting ?? 'REDIS_URL';
      throw new Error(`Cannot use ${setting} (${placeOf(address.url)}): ${faultOf(error, address)}`, { cause: error });
    }
  }

  /** The run of the server that is connected now; undefined while there is none. */
  get runId(): string | undefined {
    return this.run;
  }

  /** The same, where a key of a cluster's would tell its shard. */
  runIdOf(_key: string): string | undefined {
    return this.run;
  }

  /** What fails and recovers as one, with all keys of the same slot. */
  shardOf(_key: string): object {
    return this;
  }

  /** Whether it is a node of a cluster, which has only some of the keys. */
  get isOfCluster(): boolean {
    return this.inCluster;
  }

  /** Which primary of its cluster has which slots, as this node knows it. */
  async slots(): Promise<SlotRange[]> {
    const asked = new URL(this.address.url);
    const found = await this.commands.cluster('SLOTS');
    return found.map(([from, to, primary]) => {
      const [host, port] = primary ?? [];
      // A node that does not know its own name is reached by the one that was asked for.
      const isNamed = host && host !== '?';
      const name = !isNamed ? asked.hostname : host.includes(':') ? `[${host}]` : host;
      return { from, to, place: `${name}:${port}` };
    });
  }

  /** Runs a script. Rejects with `RedisUnavailable`. All keys must share one slot. */
  async eval<Reply>(
    script: RedisScript,
    keys: readonly string[],
    values: readonly (string | number)[],
  ): Promise<Reply> {
    const { generation } = this;
    if (this.run === undefined) throw new RedisUnavailable('it is not connected');
    const rest = [keys.length, ...keys, ...values] as const;
    try {
      const reply = await this.commands.evalsha(script.sha, ...rest).catch((error: Error) => {
        if (!error.message.startsWith('NOSCRIPT')) throw error;
        return this.commands.eval(script.text, ...rest);
      });
      if (generation !== this.generation) throw new RedisUnavailable('the connection was lost meanwhile');
      this.silences = 0;
      return reply as Reply;
    } catch (error) {
      if (/timed out/i.test((error as Error).message)) this.noteSilence();
      throw error instanceof RedisUnavailable ? error : new RedisUnavailable((error as Error).message, error);
    }
  }

  /** How many keys there are in its database, whoever made them. */
  async size(): Promise<number> {
    return this.commands.dbsize();
  }

  /** Calls `listener` at each message on the channel, and when messages may have been missed. Returns how to stop. */
  listen(channel: string, listener: () => void): () => void {
    let listeners = this.listeners.get(channel);
    if (!listeners) {
      this.listeners.set(channel, (listeners = new Set()));
      void this.subscriber.subscribe(channel).catch(() => undefined);
    }
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Calls `listener` whenever a connection is usable (again). Returns how to stop. */
  onOpen(listener: () => void): () => void {
    this.opened.add(listener);
    return () => void this.opened.delete(listener);
  }

  close(): void {
    this.closed = true;
    this.run = undefined;
    this.commands.disconnect();
    this.subscriber.disconnect();
  }

  private noteSilence(): void {
    this.silences += 1;
    if (this.silences < SILENCES_MAX || this.closed) return;
    this.silences = 0;
    this.commands.disconnect(true);
    this.subscriber.disconnect(true);
  }

  private heard(channel: string): void {
    for (const listener of this.listeners.get(channel) ?? []) listener();
  }

  private async greet(): Promise<void> {
    const { generation } = this;
    const info = await this.commands.info('server').catch(() => undefined);
    if (this.closed || generation !== this.generation) return;
    // Without a run id nothing can be trusted: a new connection asks again.
    if (info === undefined) return this.commands.disconnect(true);
    this.run = fieldOf(info, 'run_id');
    for (const listener of this.opened) listener();
  }

  private async expectUsable(): Promise<void> {
    const info = await this.commands.info();
    const version = fieldOf(info, 'redis_version') ?? '0';
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major < VERSION_MIN[0] || (major === VERSION_MIN[0] && minor < VERSION_MIN[1])) {
      throw new Error(`it is Redis ${version}; ${VERSION_MIN.join('.')} or newer is needed`);
    }
    const policy = fieldOf(info, 'maxmemory_policy') ?? 'noeviction';
    if (!LOSSLESS_POLICIES.has(policy)) {
      throw new Error(`its maxmemory-policy ${policy} throws away what the directory needs; set it to noeviction`);
    }
    this.inCluster = fieldOf(info, 'redis_mode') === 'cluster';
    // Any node of a cluster tells where its primaries are.
    if (fieldOf(info, 'role') === 'slave' && !this.inCluster) throw new Error('it is a replica; name the primary');
    this.run ??= fieldOf(info, 'run_id');
  }
}

/** The first connection, without the tries again that later ones get. */
async function connectOnce(client: Redis): Promise<void> {
  const failed = new Promise<never>((_resolve, reject) => client.once('error', reject));
  await Promise.race([client.connect(), failed]);
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

function placeOf(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

function faultOf(error: unknown, { url }: RedisAddress): string {
  const { message, code } = error as NodeJS.ErrnoException;
  if (/NOAUTH|WRONGPASS|invalid password|invalid username/i.test(message)) {
    return 'it refuses the user or password of the URL';
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for other names than the one in the URL';
  if (/^ERR_SSL|CERT|SELF_SIGNED|UNABLE_TO/.test(code ?? '') || /certificate/i.test(message)) {
    return `TLS failed (${code ?? message}); REDIS_CA_FILE names the authority of its certificate`;
  }
  if (/SELECT is not allowed/.test(message)) return 'a Redis Cluster has database 0 alone; the URL ends with no other';
  if (url.startsWith('redis:') && /Protocol error|Connection is closed|ECONNRESET/.test(message)) {
    return `${message}; if it wants TLS, the URL begins with rediss://`;
  }
  if (url.startsWith('rediss:') && /ETIMEDOUT|ECONNRESET|EPROTO|Connection is closed/.test(`${code} ${message}`)) {
    return `${message}; if it speaks no TLS, the URL begins with redis://`;
  }
  return message || (code ?? 'it does not answer');
}
