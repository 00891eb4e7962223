import type { Settlement } from '@tollgate/access';
import type { CheckpointStore, SqlSession } from '@tollgate/event-log';
import { PinoLog } from '@tollgate/service-kit';
import { eventually } from '@tollgate/testing';
import { SettlingCheckpointStore } from './settlements.js';

const silent = new PinoLog('silent', 'billing');
const settlement = (runId: string, position: bigint): Settlement => ({
  payerUserId: 'anna',
  period: '2026-11',
  totalMicros: Number(position) * 5_000,
  runIds: [runId],
  position,
});

/** Transactions that write down when they commit; `lose` says how the next one ends. */
function transactions(story: string[]) {
  let lose: 'nothing' | 'the answer' | 'everything' = 'nothing';
  const store: CheckpointStore = {
    table: 'billing.checkpoints',
    async inTransaction(work) {
      const session: SqlSession = { rows: () => Promise.resolve([]) };
      const result = await work(session);
      const ending = lose;
      lose = 'nothing';
      if (ending === 'everything') throw new Error('rolled back');
      story.push('committed');
      if (ending === 'the answer') throw new Error('connection lost');
      return result;
    },
  };
  return { store, loseNext: (what: 'the answer' | 'everything') => (lose = what) };
}

function settling(
  story: string[],
  settle = (told: readonly Settlement[]): void => void story.push(`settled ${runsOf(told)}`),
) {
  const { store, loseNext } = transactions(story);
  const settlingStore = new SettlingCheckpointStore(store, { settle }, silent);
  const batch = (runId: string, position: bigint) =>
    settlingStore.inTransaction(async (transaction) => {
      settlingStore.prepare(transaction, [{ payerUserId: 'anna', position }], [settlement(runId, position)]);
    });
  return { batch, loseNext, store: settlingStore };
}

const runsOf = (told: readonly Settlement[]) => told.flatMap(({ runIds }) => runIds).join(' ');

describe('telling admission what is in the ledger', () => {
  test('given a batch, admission hears of it after the commit', async () => {
    const story: string[] = [];
    await settling(story).batch('r1', 1n);
    expect(story).toEqual(['committed', 'settled r1']);
  });

  test('given a batch that is rolled back, admission hears nothing until it is delivered again', async () => {
    const story: string[] = [];
    const { batch, loseNext } = settling(story);
    loseNext('everything');
    await expect(batch('r1', 1n)).rejects.toThrow('rolled back');
    expect(story).toEqual([]);
    await batch('r1', 1n);
    expect(story).toEqual(['committed', 'settled r1']);
  });

  test('given a commit whose answer was lost, the next batch shows that it was committed, and admission hears of both', async () => {
    const story: string[] = [];
    const { batch, loseNext } = settling(story);
    loseNext('the answer');
    await expect(batch('r1', 1n)).rejects.toThrow('connection lost');
    await batch('r2', 2n);
    expect(story).toEqual(['committed', 'committed', 'settled r1 r2']);
  });

  test('given an admission that cannot be reached, the meter goes on and admission hears of everything later', async () => {
    const story: string[] = [];
    let reachable = false;
    const { batch } = settling(story, (told) => {
      if (!reachable) throw new Error('unreachable');
      story.push(`settled ${runsOf(told)}`);
    });
    await batch('r1', 1n);
    reachable = true;
    await batch('r2', 2n);
    expect(story).toEqual(['committed', 'committed', 'settled r1 r2']);
  });

  test('given an admission that comes back while nothing is metered, it hears of what waits', async () => {
    const story: string[] = [];
    let reachable = false;
    const { batch, store } = settling(story, (told) => {
      if (!reachable) throw new Error('unreachable');
      story.push(`settled ${runsOf(told)}`);
    });
    await batch('r1', 1n);
    reachable = true;
    await eventually(() => expect(story).toEqual(['committed', 'settled r1']));
    store.stop();
  });
});
