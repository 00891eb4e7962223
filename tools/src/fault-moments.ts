import { setTimeout as pause } from 'node:timers/promises';
import { CONTROL_TOPICS } from '@tollgate/contracts';
import { tailKafka } from '@tollgate/event-log';
import type { FaultFleet } from './fault-fleet.js';
import type { Fault } from './fault-list.js';
import type { PgMoment } from './pg-lines.js';

const READER_TIMEOUT_MS = 30_000;
/** Less than the relay's lease, after which another one publishes the same. */
const PUBLISHED_TIMEOUT_MS = 2_000;
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** Deaths between two steps of which the first must not be lost and not be done twice; the most telling ones first. */
export function momentsOf(downMs: number): Fault[] {
  const consumer = (name: string, after: RegExp, holds: PgMoment['holds']): Fault => {
    const between = holds === 'statement' ? 'its effect and its commit' : 'its commit and the answer to it';
    return {
      name: `SIGKILL of ${name} between ${between}`,
      strike: async (fleet, prove) => {
        await fleet.restartAt({ of: [name], at: /^COMMIT$/, after, holds }, downMs);
        prove(`${name}: ${holds === 'statement' ? 'rows sent, COMMIT held' : 'COMMIT done, its answer held'}`);
      },
    };
  };
  const [ledger, runLog] = [/INSERT INTO billing\.ledger/, /INSERT INTO logs\.run_log/];
  return [
    {
      name: 'SIGKILL of the relay between its publish and its checkpoint',
      strike: (fleet, prove) => relayKilled(fleet, downMs, prove),
    },
    consumer('billing', ledger, 'statement'),
    consumer('logs', runLog, 'statement'),
    consumer('billing', ledger, 'answer'),
    consumer('logs', runLog, 'answer'),
  ];
}

/** Whichever service relays just now; a reader of its own shows that what it had published is in Kafka. */
async function relayKilled(fleet: FaultFleet, downMs: number, prove: (what: string) => void): Promise<void> {
  const published = new Set<string>();
  const stopReading = await reader(fleet, (position) => published.add(position));
  try {
    const moment: PgMoment = {
      of: fleet.services,
      at: /^UPDATE event_log\.relays SET position = /,
      holds: 'statement',
    };
    let [from, to] = ['', ''];
    const of = await fleet.restartAt(moment, downMs, async ({ values: [, , before = '', after = ''] }) => {
      [from, to] = [before, after];
      for (const deadline = performance.now() + PUBLISHED_TIMEOUT_MS; !published.has(to);) {
        if (performance.now() > deadline) throw new Error(`position ${to} is not in Kafka`);
        await pause(5);
      }
    });
    prove(`the relay, in ${of}: position ${to} read from Kafka, the checkpoint that was to follow it held at ${from}`);
  } finally {
    await stopReading();
  }
}

/** Tells the positions of the control plane's facts from now on, in Kafka's order. Kafka may be starting yet. */
async function reader(fleet: FaultFleet, onPosition: (position: string) => void): Promise<() => Promise<void>> {
  for (const deadline = performance.now() + READER_TIMEOUT_MS; ;) {
    try {
      return await tailKafka({
        brokers: fleet.brokers,
        clientId: 'tollgate-faults',
        topics: CONTROL_TOPICS,
        fromBeginning: false,
        log: silent,
        onEvent: ({ position }) => onPosition(position.toString()),
      });
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(500);
    }
  }
}
