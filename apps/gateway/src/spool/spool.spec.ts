import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { put, spoolRun } from '../../test/runs-for-spool.js';
import { Spool, type SpoolOptions } from './spool.js';
import { batchText, readBatch, SpoolCorrupted } from './spool-record.js';

describe('the spool', () => {
  let dir: string;
  const opened: Spool[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'tollgate-spool-'));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((spool) => spool.close()));
    rmSync(dir, { recursive: true, force: true });
  });

  const openSpool = (more: Partial<SpoolOptions> = {}) => {
    const spool = Spool.open({ dir, runsMax: 100, ...more });
    opened.push(spool);
    return spool;
  };
  const reopen = async (spool: Spool, more: Partial<SpoolOptions> = {}) => {
    await spool.close();
    opened.splice(opened.indexOf(spool), 1);
    return openSpool(more);
  };
  const ids = (spool: Spool) => [...spool.unshipped()].map(({ runId }) => runId);

  test.each([false, true])('runs are read back whole and in the order of put (flushed: %s)', async (flushed) => {
    const spool = openSpool({ flushed });
    const runs = Array.from({ length: 50 }, (_, nth) => spoolRun(`run-${nth}`, { costMicros: nth }));

    await Promise.all(runs.map((run) => put(spool, run)));

    expect([...spool.unshipped()]).toEqual(runs);
    expect(spool.depth).toBe(50);
  });

  test('runs that come together are written together', async () => {
    const spool = openSpool();

    await Promise.all(['a', 'b', 'c'].map((id) => put(spool, spoolRun(id))));

    expect(spool.read(1_000)).toHaveLength(1);
  });

  test('what an earlier process left is there after a restart, before anything newer', async () => {
    const first = openSpool();
    await put(first, spoolRun('old'));

    const second = await reopen(first);
    expect(second.depth).toBe(1);
    await put(second, spoolRun('new'));

    expect(ids(second)).toEqual(['old', 'new']);
  });

  test('what was removed is gone, also after a restart, and what was not stays', async () => {
    const spool = openSpool();
    await put(spool, spoolRun('first'));
    await put(spool, spoolRun('second'));
    const [oldest] = spool.read(1);

    await spool.remove([oldest!]);

    expect(ids(spool)).toEqual(['second']);
    const again = await reopen(spool);
    expect(ids(again)).toEqual(['second']);
    expect(again.depth).toBe(1);
  });

  test('a read takes whole batches of at most so many events, and one in any case', async () => {
    const spool = openSpool();
    for (const id of ['a', 'b', 'c']) await put(spool, spoolRun(id));

    expect(spool.read(4)).toHaveLength(2);
    expect(spool.read(1)).toHaveLength(1);
  });

  test('a full spool refuses the next run, and takes runs again once it was emptied', async () => {
    const spool = openSpool({ runsMax: 2 });
    expect(spool.refusal(0)).toBeUndefined();
    expect(spool.refusal(2)).toBe('the spool is full');

    await put(spool, spoolRun('a'));
    expect(spool.refusal(0)).toBeUndefined();
    expect(spool.refusal(1)).toBe('the spool is full');
    await put(spool, spoolRun('b'));
    expect(spool.refusal(0)).toBe('the spool is full');

    await spool.remove(spool.read(10));
    expect(spool.refusal(0)).toBeUndefined();
  });

  test('refused attempts have a tenth more room than runs, and no more', async () => {
    const spool = openSpool({ runsMax: 20 });
    await Promise.all(Array.from({ length: 20 }, (_, nth) => put(spool, spoolRun(`run-${nth}`))));
    expect(spool.refusal(0)).toBe('the spool is full');
    expect(spool.attemptRefusal()).toBeUndefined();

    await Promise.all(['a', 'b'].map((id) => put(spool, spoolRun(id))));

    expect(spool.attemptRefusal()).toBe('the spool is full');
  });

  test('a spool with more text than its bound is full, also after a restart', async () => {
    const spool = openSpool({ lengthMax: 500 });
    await put(spool, spoolRun('a'));
    expect(spool.refusal(0)).toBe('the spool is full');

    const again = await reopen(spool, { lengthMax: 500 });
    expect(again.refusal(0)).toBe('the spool is full');
    await again.remove(again.read(10));
    expect(again.refusal(0)).toBeUndefined();
  });

  test('a run id that a caller chose stays claimed after its run was shipped and the process restarted', async () => {
    const spool = openSpool();
    await put(spool, spoolRun('order-7'), true);
    await put(spool, spoolRun('made-here'), false);
    await spool.remove(spool.read(100));

    const again = await reopen(spool);

    expect(again.isClaimed('order-7')).toBe(true);
    expect(again.isClaimed('made-here')).toBe(false);
    expect(again.depth).toBe(0);
  });

  test('a second process is refused with the first one’s number while it lives', () => {
    openSpool();
    expect(() => Spool.open({ dir, runsMax: 1 })).toThrow(`is in use by process ${process.pid}`);
  });

  test.each([
    ['not text', 7],
    ['not JSON', 'hello'],
    ['another version', '{"v":2,"at":1,"runs":[]}\n'],
    ['a cut end', batchText([spoolRun('x')], 1).slice(0, -1)],
    ['a run without a price', '{"v":1,"at":1,"runs":[["r","p"]]}\n'],
  ])('an entry that is damaged or foreign (%s) stops the start', async (_what, value) => {
    const spool = openSpool();
    await spool.close();
    opened.splice(0);
    const root = open({ path: `${dir}/runs.lmdb`, maxDbs: 2 });
    await root.openDB({ name: 'batches', encoding: typeof value === 'string' ? 'string' : 'json' }).put(1, value);
    await root.close();

    expect(() => Spool.open({ dir, runsMax: 1 })).toThrow(/damaged or foreign/);
  });

  test('a batch keeps texts of any characters to the letter', () => {
    const events = ['{"a":"é🙂\\u0000\\n"}', '{"b":"line\\u2028"}\n  '];
    const batch = readBatch(3, batchText([spoolRun('ü', { events })], 17));
    expect(batch.runs[0]?.events).toEqual(events);
    expect(batch).toMatchObject({ key: 3, writtenAtMs: 17 });
    expect(() => readBatch('3', 'x')).toThrow(SpoolCorrupted);
  });
});
