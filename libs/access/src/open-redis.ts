import { RedisCluster } from './redis-cluster.js';
import { RedisConnection } from './redis-connection.js';
import type { AnyRedis, RedisAddress } from './redis-connection.js';

/**
 * Opens the Redis at `url`, or at the first of several, comma-separated, that answers: those are nodes of one cluster, and
 * whether it is one the server says itself. Rejects, in words that name the setting, when it cannot be reached or used.
 */
export async function openRedis(address: RedisAddress): Promise<AnyRedis> {
  const seeds = address.url.split(',').map((url) => ({ ...address, url: url.trim() }));
  const setting = address.setting ?? 'REDIS_URL';
  const faults: Error[] = [];
  for (const seed of seeds) {
    const node = await RedisConnection.open(seed).catch((error: Error) => void faults.push(error));
    if (!node) continue;
    if (node.isOfCluster) return RedisCluster.open(node, seeds);
    if (seeds.length === 1) return node;
    node.close();
    throw new Error(`${setting}: several addresses are for a Redis Cluster, and ${new URL(seed.url).host} is none`);
  }
  throw faults[0] ?? new Error(`${setting}: names no Redis`);
}
