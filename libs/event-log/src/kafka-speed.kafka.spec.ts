import type { Topic } from '@tollgate/contracts';
import type { EventLog } from './event-log.js';
import { Followings, requestBilled, runFinished } from './harness.contract.js';
import { KafkaBench } from './kafka-harness.contract.js';
import { rememberingLogger } from './own-database.contract.js';
import { PostgresEventLog } from './postgres-event-log.js';

const EVENTS = 20_000;
const BATCH = 1_000;
const PAYERS = 50;
const TIMEOUT_MS = 120_000;

/** Shares of the Postgres log's rates in the same run, since a rate alone says most about the machine. */
describe('the speed of Kafka as the log', () => {
  let bench: KafkaBench;
  const followings = new Followings();
  beforeAll(async () => {
    bench = await KafkaBench.create(process.env);
    await bench.empty();
  });
  afterAll(async () => {
    await followings.stop();
    await bench?.close();
  });

  async function measured(log: EventLog, name: string) {
    const batches = Array.from({ length: EVENTS / BATCH }, (_, batch) =>
      Array.from({ length: BATCH / 2 }, (_, nth) => {
        const payerUserId = `usr_${nth % PAYERS}`;
        const workspaceId = `wsp_${nth % PAYERS}`;
        const billed = requestBilled(`${name}.b${batch}.${nth}`);
        const finished = runFinished(`${name}.f${batch}.${nth}`);
        return [
          { ...billed, data: { ...billed.data, payerUserId, workspaceId } },
          { ...finished, data: { ...finished.data, payerUserId, workspaceId } },
        ];
      }).flat(),
    );
    const perSecond = async (work: () => Promise<void>) => {
      const begun = performance.now();
      await work();
      return Math.round(EVENTS / ((performance.now() - begun) / 1_000));
    };
    const follow = (checkpointed: boolean, batchEventsMax: number) => async () => {
      let got = 0;
      const following = followings.start(log, {
        name: `${name}.${checkpointed}.${batchEventsMax}`,
        topics: ['usage', 'runs'] as const satisfies Topic[],
        batchEventsMax,
        ...(checkpointed ? { checkpoint: bench.checkpoint() } : {}),
        handle: (events) => Promise.resolve(void (got += events.length)),
      });
      await following.caughtUp(60_000);
      await following.stop();
      expect(got).toBe(EVENTS);
    };
    return {
      published: await perSecond(async () => {
        for (const batch of batches) await log.publish(batch);
      }),
      'followed with checkpoint, by 500': await perSecond(follow(true, 500)),
      'followed with checkpoint, by 2,000': await perSecond(follow(true, 2_000)),
      'followed without': await perSecond(follow(false, 500)),
    };
  }

  it(
    `publishes and follows ${EVENTS} events, measured against PostgreSQL`,
    async () => {
      const { pool, url } = bench.database;
      const table = new PostgresEventLog({ pool, listen: url, log: rememberingLogger().log });
      const kafka = await measured(await bench.log(), 'kafka');
      const postgres = await measured(table, 'postgres');
      const lines = (Object.keys(kafka) as (keyof typeof kafka)[]).map((of) => {
        const share = (kafka[of] / postgres[of]).toFixed(2);
        return `${of}: Kafka ${kafka[of]}, PostgreSQL ${postgres[of]} events/s, share ${share}\n`;
      });
      process.stdout.write(lines.join(''));
    },
    TIMEOUT_MS,
  );
});
