import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 8 * 1024;
const pool = Buffer.allocUnsafe(POOL_BYTES);
let used = POOL_BYTES;

/**
 * Random bytes for ids, drawn from the system in large portions: asking for 21 bytes each time costs more than the id.
 * Each byte is given out once. For ids alone: secrets ask the system for themselves.
 */
export function pooledRandomBytes(count: number): Uint8Array {
  if (used + count > POOL_BYTES) {
    randomFillSync(pool);
    used = 0;
  }
  return pool.subarray(used, (used += count));
}
