import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';
import { runOpenLoop } from './bench-open-loop.js';

/**
 * The load of the bench, as a process of its own: reads a JSON description from standard input, prints the result as
 * JSON. With a `rate` it is open-loop: requests start on time, whether or not earlier ones have been answered.
 */
interface Load {
  url: string;
  path: string;
  keys: string[];
  connections: number;
  seconds: number;
  rate?: number;
}

export interface LoadResult {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failed: number;
  /** How much of its core the load itself took: near 1, it is what limits the rate. */
  busy: number;
}

async function closedLoop({ url, path, keys, connections, seconds }: Load): Promise<Omit<LoadResult, 'busy'>> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    requests: keys.map((key) => ({
      method: 'POST' as const,
      path,
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: '{"message":"hello"}',
    })),
  });
  const failed = result.non2xx + result.errors + result.timeouts;
  return { perSecond: result.requests.average, p50Ms: result.latency.p50, p99Ms: result.latency.p99, failed };
}

async function openLoop(load: Load, rate: number): Promise<Omit<LoadResult, 'busy'>> {
  const { latenciesMs, failed } = await runOpenLoop({ ...load, rate });
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { perSecond: latenciesMs.length / load.seconds, p50Ms: at(0.5), p99Ms: at(0.99), failed };
}

const load = JSON.parse(readFileSync(0, 'utf8')) as Load;
const usage = process.cpuUsage();
const startMs = performance.now();
const result = load.rate === undefined ? await closedLoop(load) : await openLoop(load, load.rate);
const { user, system } = process.cpuUsage(usage);
const busy = (user + system) / 1_000 / (performance.now() - startMs);
process.stdout.write(JSON.stringify({ ...result, busy } satisfies LoadResult));
