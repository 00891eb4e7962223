import { setTimeout as pause } from 'node:timers/promises';
import type { FaultFleet } from './fault-fleet.js';
import { momentsOf } from './fault-moments.js';

/** One thing that goes wrong. */
export interface Fault {
  name: string;
  /**
   * Resolves when its cause is over, which is when recovery begins; rejects when it could not be done as it is named.
   * `prove` is told what shows that it was.
   */
  strike(fleet: FaultFleet, prove: (what: string) => void): Promise<void>;
}

const LONG_MS = { outage: 20_000, cut: 10_000, stopped: 8_000, down: 1_000 };
const SHORT_MS = { outage: 6_000, cut: 3_000, stopped: 6_000, down: 500 };
const ROUNDS = 4;
/** Of the moments between two steps; the rest is like them. */
const SHORT_MOMENTS = 4;

/** `short`: the most telling ones, for a shorter time, as CI has them. */
export function faultsOf(services: readonly string[], short: boolean, random: () => number): Fault[] {
  const { outage, cut, stopped, down } = short ? SHORT_MS : LONG_MS;
  const killed = (short ? ['gateway-2'] : services).map((name) => ({
    name: `SIGKILL of ${name}`,
    strike: (fleet: FaultFleet) => fleet.restart(name, down),
  }));
  const telling: Fault[] = [
    ...killed,
    {
      name: `a gateway stopped for ${stopped / 1000} s, longer than its lease`,
      strike: async (fleet) => {
        fleet.signal('gateway-2', 'SIGSTOP');
        await pause(stopped);
        fleet.signal('gateway-2', 'SIGCONT');
      },
    },
    { name: `Kafka away for ${outage / 1000} s`, strike: (fleet) => fleet.restart('kafka', outage) },
    { name: 'Redis flushed', strike: (fleet) => fleet.flushRedis() },
    { name: 'PostgreSQL killed and started again', strike: (fleet) => fleet.restart('postgres', down) },
    {
      name: `the line from a gateway to Redis cut for ${cut / 1000} s`,
      strike: async (fleet) => {
        fleet.cutRedis();
        await pause(cut);
        fleet.mendRedis();
      },
    },
    ...momentsOf(down).slice(0, short ? SHORT_MOMENTS : undefined),
  ];
  if (short) return telling;
  return [
    ...telling,
    { name: 'Redis killed and started again', strike: (fleet) => fleet.restart('redis', down) },
    { name: `keys, billing and logs killed ${ROUNDS} times each, at random moments`, strike: killedOften(random) },
  ];
}

function killedOften(random: () => number): Fault['strike'] {
  // Drawn at once: they run side by side, and the seed is to give the same again.
  const lives = ['keys', 'billing', 'logs'].map((name) => ({
    name,
    livesMs: Array.from({ length: ROUNDS }, () => random() * 2_000),
  }));
  return async (fleet) => {
    const often = async ({ name, livesMs }: (typeof lives)[number]) => {
      for (const lifeMs of livesMs) {
        await pause(lifeMs);
        await fleet.restart(name, 100);
      }
    };
    await Promise.all(lives.map(often));
  };
}

/** The same numbers in [0, 1) for the same seed (Park-Miller). */
export function randomOf(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** `length` faults, drawn with `random`, one after the other without a rest. */
export function sequenceOf(faults: readonly Fault[], length: number, random: () => number): Fault {
  const drawn = Array.from({ length }, () => faults[Math.floor(random() * faults.length)] as Fault);
  return {
    name: `in a row: ${drawn.map(({ name }) => name).join(', ')}`,
    strike: async (fleet, prove) => {
      for (const fault of drawn) {
        await fault.strike(fleet, prove);
        await pause(random() * 1_000);
      }
    },
  };
}
