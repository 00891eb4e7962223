import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open as openLmdb } from 'lmdb';
import { put, spoolRun } from '../../test/runs-for-spool.js';
import { Spool, type SpoolOptions } from './spool.js';
import { frame, FRAME_HEAD_BYTES } from './journal-frame.js';
import { batchBytes, readBatch } from './spool-record.js';

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
    await put(spool, spoolRun('order-8', { payerUserId: 'ben' }), true);
    await spool.remove(spool.read(2));
    await put(spool, spoolRun('order-9'), true);

    const again = await reopen(spool);

    const claimed = (payer: string) =>
      ['order-7', 'order-8', 'order-9', 'made-here'].map((id) => again.isClaimed(payer, id));
    expect(claimed('anna')).toEqual([true, false, true, false]);
    expect(claimed('ben')).toEqual([false, true, false, false]);
    expect(again.depth).toBeGreaterThan(0);
  });

  test('a run id that was claimed before payers were kept stays claimed, for everybody', async () => {
    const spool = openSpool();
    await spool.close();
    opened.splice(0);
    const root = openLmdb({ path: join(dir, 'claims.lmdb'), maxDbs: 2 });
    await root.openDB({ name: 'claims', encoding: 'msgpack' }).put('order-7', 17);
    await root.close();

    expect(openSpool().isClaimed('anyone', 'order-7')).toBe(true);
  });

  test('a second process is refused with the first one’s number while it lives', () => {
    openSpool();
    expect(() => Spool.open({ dir, runsMax: 1 })).toThrow(`is in use by process ${process.pid}`);
  });

  describe('what is not as it was written', () => {
    const segment = () =>
      join(
        dir,
        readdirSync(dir).find((name) => name.endsWith('.journal'))!,
      );
    const entryOf = (content: Buffer) => frame('entry', Buffer.concat([Buffer.alloc(FRAME_HEAD_BYTES), content]));
    /** Leaves three runs, each in an entry of its own, as a killed process does, and gives where they end. */
    const leaveThree = async () => {
      const spool = openSpool();
      for (const id of ['a', 'b', 'c']) await put(spool, spoolRun(id));
      const ends = spool.read(1_000).map(({ end }) => end.offset);
      await spool.close();
      opened.splice(0);
      return ends;
    };

    test('a beginning of the last entry, as a kill leaves it, is left out, and what comes later is kept', async () => {
      const [, second, third] = await leaveThree();
      for (const end of [third! - 1, second! + FRAME_HEAD_BYTES, second! + 5]) {
        truncateSync(segment(), end);
        const spool = openSpool();
        expect(ids(spool)).toEqual(['a', 'b']);
        expect(spool.depth).toBe(2);
        await spool.close();
        opened.splice(0);
      }
      const spool = openSpool();
      await put(spool, spoolRun('d'));
      expect(ids(await reopen(spool))).toEqual(['a', 'b', 'd']);
    });

    test('a last entry of which only the length reached the disk (power was lost) is left out', async () => {
      const [, second] = await leaveThree();
      const bytes = readFileSync(segment());
      writeFileSync(segment(), bytes.fill(0, second));
      expect(ids(openSpool())).toEqual(['a', 'b']);
    });

    test.each([0, 4, 9, FRAME_HEAD_BYTES, 300])(
      'one changed byte (number %i) in an entry with others behind it stops the start',
      async (nth) => {
        const [first] = await leaveThree();
        const bytes = readFileSync(segment());
        bytes[first! + nth]! ^= 1;
        writeFileSync(segment(), bytes);
        expect(() => openSpool()).toThrow(/damaged or foreign/);
      },
    );

    test.each([
      ['not JSON', Buffer.from('\0\0\0\0hello')],
      ['nothing', Buffer.alloc(0)],
      ['another version', Buffer.from('\0\0\0\0{"v":3,"at":1,"claims":[],"runs":[]}')],
      ['a length that is not its own', Buffer.from('\0\0\0\x05{"v":2,"at":1,"claims":[],"runs":[]}')],
      ['a run without a price', Buffer.from('\0\0\0\0{"v":2,"at":1,"claims":[],"runs":[["r","p"]]}')],
      ['a claim that is no text', Buffer.from('\0\0\0\0{"v":2,"at":1,"claims":[7],"runs":[]}')],
    ])('a whole entry that is no batch (%s) stops the start', (_what, content) => {
      writeFileSync(join(dir, '000000000001.journal'), entryOf(content));
      expect(() => openSpool()).toThrow(/damaged or foreign/);
    });
  });

  test('a batch keeps texts of any characters to the letter', () => {
    const events = ['{"a":"é🙂\\u0000\\n"}', '{"b":"line\\u2028"}\n  '];
    const end = { segment: 1, offset: 9 };
    const bytes = batchBytes([spoolRun('ü', { events })], ['ü'], 17);
    const batch = readBatch(end, bytes.subarray(FRAME_HEAD_BYTES));
    expect(batch.runs[0]?.events).toEqual(events);
    expect(batch).toMatchObject({ end, writtenAtMs: 17, claims: ['ü'] });
  });
});
