import { eventLogContract } from './event-log.contract.js';
import { keyRenamed } from './harness.contract.js';
import { MemoryEventLog, MemoryFacts } from './memory-event-log.js';
import { MemoryTransaction, MemoryTransactions } from './memory-transactions.js';

eventLogContract('MemoryEventLog', () => {
  const facts = new MemoryFacts();
  const transactions = new MemoryTransactions();
  const effects: string[] = [];
  const pausesMs: number[] = [];
  const sleep = (ms: number) => {
    pausesMs.push(ms);
    return new Promise<void>((resolve) => setImmediate(resolve));
  };
  return Promise.resolve({
    log: new MemoryEventLog({ facts, sleep }),
    elsewhere: new MemoryEventLog({ facts, sleep }),
    checkpoint: transactions,
    oneLine: true,
    begin: () => {
      const transaction = transactions.begin();
      return Promise.resolve({
        session: transaction,
        commit: () => transaction.commit(),
        rollback: () => transaction.rollback(),
      });
    },
    isHeldUp: ({ session }) => Promise.resolve((session as MemoryTransaction).waiting),
    recordEffect: (session, eventId) =>
      Promise.resolve((session as MemoryTransaction).onCommit(() => effects.push(eventId))),
    effects: () => Promise.resolve([...effects]),
    pausesMs,
    close: () => Promise.resolve(),
  });
});

describe('a memory transaction', () => {
  it('is refused by the log when it is somebody else’s, and has no SQL', async () => {
    const log = new MemoryEventLog();
    await expect(log.append({ rows: () => Promise.resolve([]) }, [keyRenamed('a')])).rejects.toThrow(/memory log/);
    await expect(new MemoryTransactions().begin().rows()).rejects.toThrow(/no SQL/);
  });

  it('cannot be used after its end', async () => {
    const transaction = new MemoryTransactions().begin();
    await transaction.commit();
    await expect(new MemoryEventLog().append(transaction, [keyRenamed('a')])).rejects.toThrow(/ended/);
  });
});
