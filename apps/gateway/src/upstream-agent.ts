import { isIP } from 'node:net';
import { Agent, buildConnector, Pool } from 'undici';
import { type UpstreamGuard, UpstreamNotAllowed } from './upstream-guard.js';

export const CONNECT_TIMEOUT_MS = 10_000;
const CONNECTIONS_PER_ORIGIN_MAX = 256;
const RESPONSE_HEADER_BYTES_MAX = 32 * 1024;

/**
 * Keep-alive connections to upstreams, a bounded number for each origin, one request at a time on each (a slow run must
 * not hold up another behind it). Every connection goes through the guard. Time limits of a run are its caller's.
 */
export function createUpstreamAgent(guard: UpstreamGuard): Agent {
  return new Agent({
    factory: (origin, options) =>
      new Pool(origin, {
        ...options,
        connect: guardedConnector(new URL(origin), guard),
        connections: CONNECTIONS_PER_ORIGIN_MAX,
        pipelining: 1,
        allowH2: false,
        maxHeaderSize: RESPONSE_HEADER_BYTES_MAX,
        headersTimeout: 0,
        bodyTimeout: 0,
      }),
  });
}

function guardedConnector(origin: URL, guard: UpstreamGuard): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_TIMEOUT_MS, lookup: guard.lookupFor(origin) });
  return (options, callback) => {
    // A socket does not look up an address that is written out, so the guard must see it here.
    const literal = isIP(options.hostname.replace(/^\[|\]$/g, '')) !== 0;
    if (literal && guard.checkUrl(origin.href) !== undefined) return callback(new UpstreamNotAllowed(), null);
    return connect(options, callback);
  };
}
