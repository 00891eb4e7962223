import { setTimeout as pause } from 'node:timers/promises';
import type { FaultFleet } from './fault-fleet.js';

/** One thing that goes wrong. Resolves when its cause is over, which is when recovery begins. */
export interface Fault {
  name: string;
  strike(fleet: FaultFleet): Promise<void>;
}

/** `short`: the same faults, for a shorter time, as CI has it. */
export function faultsOf(services: readonly string[], short: boolean): Fault[] {
  const outageMs = short ? 6_000 : 20_000;
  const killed = services.map((name) => ({
    name: `SIGKILL of ${name}`,
    strike: (fleet: FaultFleet) => fleet.restart(name, 500),
  }));
  return [
    ...killed,
    {
      name: 'a gateway stopped for longer than its lease',
      strike: async (fleet) => {
        fleet.signal('gateway-2', 'SIGSTOP');
        await pause(6_000);
        fleet.signal('gateway-2', 'SIGCONT');
      },
    },
    { name: `Kafka away for ${outageMs / 1000} s`, strike: (fleet) => fleet.restart('kafka', outageMs) },
    { name: 'Redis killed and started again', strike: (fleet) => fleet.restart('redis', 1_000) },
    { name: 'Redis flushed', strike: (fleet) => fleet.flushRedis() },
    { name: 'PostgreSQL killed and started again', strike: (fleet) => fleet.restart('postgres', 1_000) },
    {
      name: 'the line from a gateway to Redis cut',
      strike: async (fleet) => {
        fleet.cutRedis();
        await pause(outageMs / 2);
        fleet.mendRedis();
      },
    },
  ];
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
    strike: async (fleet) => {
      for (const fault of drawn) {
        await fault.strike(fleet);
        await pause(random() * 1_000);
      }
    },
  };
}
