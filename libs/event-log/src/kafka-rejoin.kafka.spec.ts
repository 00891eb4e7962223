import { eventually } from '@tollgate/testing';
import type { Follower } from './event-log.js';
import { requestBilled } from './harness.contract.js';
import type { EventLogHarness } from './harness.contract.js';
import { KafkaClient } from './kafka-client.js';
import type { KafkaGroup, KafkaMembership } from './kafka-client.js';
import { KafkaFollowing } from './kafka-following.js';
import { KafkaBench } from './kafka-harness.contract.js';
import { Outbox } from './kafka-outbox.js';
import { sleep } from './pauses.js';
import { sqlOfPg } from './sql-session.js';

/** Its consumers end as soon as they have joined, as one does whose broker goes away again at once. */
class EndingClient extends KafkaClient {
  joins = 0;
  endings = 0;

  override async join(group: KafkaGroup): Promise<KafkaMembership> {
    const membership = await super.join(group);
    this.joins += 1;
    if (this.endings > 0) {
      this.endings -= 1;
      await membership.leave();
    }
    return membership;
  }
}

describe('a follower whose consumer ends in the moment it has joined', () => {
  let bench: KafkaBench;
  let harness: EventLogHarness;
  let client: EndingClient;
  const running: KafkaFollowing[] = [];

  beforeAll(async () => {
    bench = await KafkaBench.create(process.env);
    harness = await bench.harness();
    client = new EndingClient(bench.client.address, bench.told.log);
  });
  afterAll(async () => {
    await Promise.all(running.map((following) => following.stop()));
    await client?.close();
    await bench?.close();
  });

  function follow(): KafkaFollowing {
    const follower: Follower = {
      name: 'recorder',
      topics: ['usage'],
      checkpoint: bench.checkpoint(),
      handle: async (events, transaction) => {
        for (const { id } of events) if (transaction) await harness.recordEffect(transaction, id);
      },
    };
    const following = new KafkaFollowing(follower, {
      client,
      outbox: new Outbox(sqlOfPg(bench.database.pool), 'rejoin'),
      outboxHead: () => Promise.resolve(0n),
      topicPrefix: bench.topicPrefix,
      groupId: `${bench.topicPrefix}recorder`,
      skip: new Set(),
      log: bench.told.log,
      sleep,
    });
    running.push(following);
    return following;
  }

  it('joins anew and goes on where it was', async () => {
    await harness.log.publish([requestBilled('a')]);
    const first = follow();
    await eventually(async () => expect(await harness.effects()).toEqual(['a']), { timeoutMs: 10_000 });
    await first.stop();

    // Only a follower that has begun asks its consumer to seek, which one that has ended refuses.
    client.endings = 2;
    client.joins = 0;
    const second = follow();
    await harness.log.publish([requestBilled('b')]);
    await eventually(async () => expect(await harness.effects()).toEqual(['a', 'b']), { timeoutMs: 15_000 });
    expect(client.joins).toBe(3);
    expect(second.state()).toMatchObject({ status: 'running' });
  }, 30_000);
});
