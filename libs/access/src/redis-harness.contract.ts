import { randomBytes } from 'node:crypto';
import type { EventLogLogger } from '@tollgate/event-log';
import { openRedis } from './open-redis.js';
import type { AnyRedis } from './redis-connection.js';
import { RedisDirectory } from './redis-directory.js';
import type { RedisDirectoryOptions } from './redis-directory.js';
import { RedisDirectoryStore } from './redis-directory-store.js';

export const SILENT: EventLogLogger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** What a user needs, as docs/scaling.md says. */
export const RIGHTS = '~tollgate:* &tollgate:* -@all +@read +@write +@scripting +@pubsub +info +time';

/** What a spec opens on a Redis; closed together. */
export class RedisBench {
  private readonly connections: AnyRedis[] = [];
  private directories: RedisDirectory[] = [];

  constructor(readonly url: string) {}

  async connect(url = this.url): Promise<AnyRedis> {
    const connection = await openRedis({ url });
    this.connections.push(connection);
    return connection;
  }

  /** Keys of its own on a connection, without anything in them. */
  store(redis: AnyRedis, prefix = `spec-${randomBytes(5).toString('hex')}`): RedisDirectoryStore {
    return new RedisDirectoryStore(redis, prefix);
  }

  /** What a rebuild does when there is nothing in the log. */
  async makeWhole(store: RedisDirectoryStore): Promise<void> {
    await store.begin(await store.mark());
  }

  member(store: RedisDirectoryStore, member: string, more: Partial<RedisDirectoryOptions> = {}): RedisDirectory {
    const directory = new RedisDirectory({ store, member, leaseMs: 2_000, log: SILENT, entriesMax: 1_000, ...more });
    this.directories.push(directory);
    return directory;
  }

  async stopMembers(): Promise<void> {
    await Promise.all(this.directories.map((directory) => directory.stop()));
    this.directories = [];
  }

  async dispose(): Promise<void> {
    await this.stopMembers();
    for (const connection of this.connections) connection.close();
  }
}
