import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggedEvent } from '@tollgate/contracts';
import { type EventLog, type Following, MemoryEventLog, PUBLISH_EVENTS_MAX } from '@tollgate/event-log';
import { eventually } from '@tollgate/testing';
import { put, spoolRun } from '../../test/runs-for-spool.js';
import { Spool } from './spool.js';
import { SpoolShipper, type ShipperState } from './spool-shipper.js';

/** A log that can be away: before it takes anything, or after it took everything and before it says so. */
class LogThatMayBeAway extends MemoryEventLog {
  away: 'no' | 'before' | 'after' = 'no';
  readonly calls: number[] = [];

  override async publish(events: Parameters<EventLog['publish']>[0]): Promise<void> {
    this.calls.push(events.length);
    if (this.away === 'before') throw new Error('the log is away');
    await super.publish(events);
    if (this.away === 'after') throw new Error('the answer was lost');
  }
}

describe('the shipper', () => {
  let dir: string;
  let spool: Spool;
  let log: LogThatMayBeAway;
  let shipper: SpoolShipper;
  let following: Following;
  let arrived: LoggedEvent[];
  let told: ShipperState['status'][];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tollgate-ship-'));
    spool = Spool.open({ dir, runsMax: 10_000 });
    log = new LogThatMayBeAway({ pollMs: 5 });
    arrived = [];
    told = [];
    following = log.follow({
      name: 'test',
      topics: ['usage', 'runs'],
      handle: (events) => Promise.resolve(void arrived.push(...events)),
    });
    shipper = newShipper();
  });
  afterEach(async () => {
    log.away = 'no';
    await shipper.stop(2_000);
    await following.stop();
    await spool.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const newShipper = () =>
    new SpoolShipper(spool, log, {
      lingerMs: 1,
      pauseMs: 1,
      pauseMsMax: 4,
      onTrouble: ({ status }) => told.push(status),
    });
  const putAll = (ids: string[]) => Promise.all(ids.map((id) => put(spool, spoolRun(id))));
  const names = (count: number, prefix = 'run') => Array.from({ length: count }, (_, nth) => `${prefix}-${nth}`);
  const bothOf = (ids: string[]) => ids.flatMap((id) => [`${id}:billed`, `${id}:finished`]);
  const allArrived = (ids: string[]) => eventually(() => expect(arrived.map(({ id }) => id)).toEqual(bothOf(ids)));
  const empty = () => eventually(() => expect(spool.depth).toBe(0));

  test('brings runs to the log in order, what was there before and what comes later, and empties the spool', async () => {
    await putAll(names(30, 'early'));
    shipper.start();
    await putAll(names(30, 'late'));

    await allArrived([...names(30, 'early'), ...names(30, 'late')]);
    await empty();
    expect([...spool.unshipped()]).toEqual([]);
    expect(shipper.state).toEqual({ status: 'running', failures: 0 });
  });

  test('while the log is away it keeps trying, says so once, and loses and repeats nothing when the log is back', async () => {
    log.away = 'before';
    shipper.start();
    await putAll(names(5));
    await eventually(() => expect(shipper.state.failures).toBeGreaterThan(4));
    expect(shipper.state).toMatchObject({ status: 'retrying', error: 'the log is away' });
    await putAll(names(5, 'meanwhile'));
    expect(spool.depth).toBe(10);
    expect(arrived).toEqual([]);

    log.away = 'no';

    await allArrived([...names(5), ...names(5, 'meanwhile')]);
    await empty();
    expect(told).toEqual(['retrying', 'running']);
  });

  test('what the log took without being able to say so is in it once', async () => {
    log.away = 'after';
    shipper.start();
    await putAll(names(3));
    await eventually(() => expect(log.calls.length).toBeGreaterThan(3));
    expect(spool.depth).toBe(3);

    log.away = 'no';
    await empty();
    await putAll(['last']);

    await allArrived([...names(3), 'last']);
  });

  test('a shipper that starts after a crash between log and removal repeats nothing', async () => {
    await putAll(names(4));
    await log.publish(spool.read(100).flatMap(({ runs }) => runs.flatMap(({ events }) => events.map(written))));

    shipper.start();

    await empty();
    await allArrived(names(4));
  });

  test('one publish takes at most what the log takes', async () => {
    for (let round = 0; round < 4; round++) await putAll(names(1_000, `r${round}`));
    shipper.start();
    await eventually(() => expect(spool.depth).toBe(0), { timeoutMs: 20_000 });
    expect(Math.max(...log.calls)).toBeLessThanOrEqual(PUBLISH_EVENTS_MAX);
    expect(log.calls.reduce((sum, count) => sum + count, 0)).toBe(8_000);
  });

  test('a stop ships what is there', async () => {
    shipper.start();
    await putAll(names(20));
    await shipper.stop(5_000);

    expect(shipper.state.status).toBe('stopped');
    expect(spool.depth).toBe(0);
  });

  test('a stop does not wait longer than it was told to, and the next start ships the rest', async () => {
    log.away = 'before';
    shipper.start();
    await putAll(names(2));
    await shipper.stop(50);
    expect(spool.depth).toBe(2);

    log.away = 'no';
    shipper = newShipper();
    shipper.start();

    await allArrived(names(2));
  });

  test.each([
    ['not an event', 'hello'],
    ['an event of another service', '{"specversion":"1.0","id":"x","source":"/tollgate/keys","type":"KeyCreated"}}'],
  ])('what is no event of a run (%s) is neither skipped nor tried again: it stops loudly', async (_what, event) => {
    await putAll(['good']);
    await put(spool, spoolRun('bad', { events: [event] }));
    shipper.start();

    await eventually(() => expect(shipper.state.status).toBe('failed'));
    await putAll(['after']);

    expect(shipper.state.error).toMatch(/damaged or foreign/);
    expect(told).toEqual(['failed']);
    expect(spool.depth).toBe(3);
  });
});

function written(text: string) {
  const { id, type, subject } = JSON.parse(text) as { id: string; type: 'RunFinished'; subject: string };
  return { id, type, subject, text };
}
