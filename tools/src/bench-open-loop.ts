import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';

export interface OpenLoop {
  url: string;
  path: string;
  keys: string[];
  connections: number;
  seconds: number;
  /** Requests a second. */
  rate: number;
}

export interface OpenLoopResult {
  latenciesMs: number[];
  failed: number;
}

/** A timer comes a millisecond late: what is due by then is sent together. */
const TICK_MS = 1;
const BODY = '{"message":"hello"}';

/**
 * Requests that start when they are due, evenly spaced, whether or not earlier ones have been answered. Each is timed
 * from when it was due, so that waiting for a free connection counts and a stall is seen by all that it held up.
 * (autocannon with a rate sends each second's requests in a burst at its beginning, one after the other.)
 */
export async function runOpenLoop({ url, path, keys, connections, seconds, rate }: OpenLoop): Promise<OpenLoopResult> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const latenciesMs: number[] = [];
  const running = new Set<Promise<void>>();
  let failed = 0;
  const ask = async (key: string): Promise<boolean> => {
    const headers = { 'content-type': 'application/json', 'x-api-key': key };
    const { statusCode, body } = await pool.request({ path, method: 'POST', headers, body: BODY });
    await body.dump();
    return statusCode < 300;
  };
  const timed = async (dueMs: number, key: string): Promise<void> => {
    const isGood = await ask(key).catch(() => false);
    latenciesMs.push(performance.now() - dueMs);
    if (!isGood) failed += 1;
  };
  // Connections are made beforehand: that is not what is measured.
  await Promise.all(Array.from({ length: connections }, (_, nth) => ask(keys[nth % keys.length]!)));
  const startMs = performance.now();
  for (let nth = 0; nth < rate * seconds;) {
    for (; nth < rate * seconds && startMs + (nth * 1_000) / rate <= performance.now(); nth += 1) {
      const one: Promise<void> = timed(startMs + (nth * 1_000) / rate, keys[nth % keys.length]!).finally(() =>
        running.delete(one),
      );
      running.add(one);
    }
    await pause(TICK_MS);
  }
  await Promise.all(running);
  await pool.close();
  return { latenciesMs, failed };
}
