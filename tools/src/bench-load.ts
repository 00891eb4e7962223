import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

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

const load = JSON.parse(readFileSync(0, 'utf8')) as Load;
const result = await autocannon({
  url: load.url,
  connections: load.connections,
  duration: load.seconds,
  ...(load.rate !== undefined && { overallRate: load.rate }),
  requests: load.keys.map((key) => ({
    method: 'POST' as const,
    path: load.path,
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: '{"message":"hello"}',
  })),
});
process.stdout.write(
  JSON.stringify({
    perSecond: result.requests.average,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    failed: result.non2xx + result.errors + result.timeouts,
  }),
);
