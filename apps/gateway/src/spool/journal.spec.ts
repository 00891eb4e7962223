import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { put, spoolRun } from '../../test/runs-for-spool.js';
import { Backlog } from './backlog.js';
import { Journal, type Place } from './journal.js';
import { frame, FRAME_HEAD_BYTES } from './journal-frame.js';
import { Spool } from './spool.js';

const SEGMENT_BYTES = 300;

describe('the journal', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'tollgate-journal-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const open = () => Journal.open(dir, SEGMENT_BYTES);
  const append = (journal: Journal, text: string): Place =>
    journal.append(Buffer.concat([Buffer.alloc(FRAME_HEAD_BYTES), Buffer.from(text)]));
  const texts = (journal: Journal) => [...journal.entries()].map(({ content }) => content.toString());
  const segments = () => readdirSync(dir).sort();
  const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, nth) => String(from + nth));

  test('reads back in order what was appended, over segments and after the process is gone', () => {
    const journal = open();
    for (const text of numbers(300)) append(journal, text);
    expect(segments().length).toBeGreaterThan(3);
    expect(texts(journal)).toEqual(numbers(300));
    // No close: the process was killed.
    const again = open();
    for (const text of numbers(10, 300)) append(again, text);
    expect(texts(again)).toEqual(numbers(310));
    expect(texts(open())).toEqual(numbers(310));
  });

  test('what was taken is not read again, also after the process is gone, and its segments go', () => {
    const journal = open();
    const ends = numbers(300).map((text) => append(journal, text));
    const before = segments().length;

    journal.take(ends[199]!);

    expect(texts(journal)).toEqual(numbers(100, 200));
    expect(segments().length).toBeLessThan(before / 2);
    const again = open();
    expect(texts(again)).toEqual(numbers(100, 200));
    again.take(ends[299]!);
    expect(texts(again)).toEqual([]);
    expect(texts(open())).toEqual([]);
  });

  test('a stop leaves nothing when all was taken, and what was not taken when not', async () => {
    const journal = open();
    const [first, last] = ['a', 'b'].map((text) => append(journal, text));
    journal.take(first!);
    await journal.close();
    const again = open();
    expect(texts(again)).toEqual(['b']);
    again.take(last!);
    await again.close();
    expect(segments()).toEqual([]);
  });

  test('a place of an earlier process is never one of a later process', async () => {
    const first = open();
    const early = append(first, 'early');
    first.take(early);
    const second = open();
    append(second, 'late');
    expect(texts(open())).toEqual(['late']);
    await second.close();
  });

  test('other files in the folder are left alone', () => {
    writeFileSync(join(dir, 'owner'), 'somebody');
    append(open(), 'a');
    expect(texts(open())).toEqual(['a']);
    expect(segments()).toContain('owner');
  });

  test('a note that tells no place stops the start', () => {
    const note = Buffer.concat([Buffer.alloc(FRAME_HEAD_BYTES), Buffer.from('here')]);
    writeFileSync(join(dir, '000000000001.journal'), frame('taken', note));
    expect(open).toThrow(/damaged or foreign/);
  });

  test('what cannot be written is told, leaves nothing, and later writes go on', () => {
    const journal = open();
    append(journal, 'before');
    // The name of the next segment is taken: it cannot be made.
    writeFileSync(join(dir, '000000000002.journal'), '');
    expect(() => numbers(300).forEach((text) => append(journal, text))).toThrow('EEXIST');
    const kept = texts(journal).length;
    rmSync(join(dir, '000000000002.journal'));
    append(journal, 'after');
    expect(texts(journal)).toHaveLength(kept + 1);
  });

  describe('the backlog', () => {
    const runs = (from: number, count: number) => numbers(count, from).map((id) => spoolRun(id));
    const read = (backlog: Backlog) => {
      const found: string[] = [];
      for (;;) {
        const batches = backlog.read(10);
        if (batches.length === 0) return found;
        for (const batch of batches) found.push(...batch.runs.map(({ runId }) => runId));
        backlog.remove(batches);
      }
    };

    test('reads from the journal what memory does not hold, in order, and counts down to nothing', () => {
      const backlog = new Backlog(Journal.open(dir), () => undefined, 20_000);
      for (let nth = 0; nth < 60; nth += 3) backlog.append(runs(nth, 3), [], 1);
      expect(backlog.runs).toBe(60);

      // Some are read while others come: from memory, then from the journal, then from memory again.
      const [first] = backlog.read(1);
      backlog.remove([first!]);
      for (let nth = 60; nth < 90; nth += 3) backlog.append(runs(nth, 3), [], 1);

      expect([...first!.runs.map(({ runId }) => runId), ...read(backlog)]).toEqual(numbers(90));
      expect([backlog.runs, backlog.length]).toEqual([0, 0]);
      backlog.append(runs(90, 1), [], 1);
      expect(read(backlog)).toEqual(['90']);
    });

    test('only what was read first can be removed', () => {
      const backlog = new Backlog(Journal.open(dir), () => undefined);
      for (const nth of [0, 1]) backlog.append(runs(nth, 1), [], 1);
      const [, second] = backlog.read(10);
      expect(() => backlog.remove([second!])).toThrow('oldest');
    });
  });

  test('a folder that cannot be written refuses the runs at hand and the next ones, and takes them again later', async () => {
    let nowMs = 1_000;
    const spool = Spool.open({ dir, runsMax: 10, nowMs: () => nowMs });
    writeFileSync(join(dir, '000000000001.journal'), '');

    await expect(put(spool, spoolRun('lost'))).rejects.toThrow('EEXIST');
    expect(spool.depth).toBe(0);
    expect(spool.refusal(0)).toMatch('cannot be written');

    rmSync(join(dir, '000000000001.journal'));
    nowMs += 1_001;
    expect(spool.refusal(0)).toBeUndefined();
    await put(spool, spoolRun('kept'));
    expect([...spool.unshipped()].map(({ runId }) => runId)).toEqual(['kept']);
    await spool.close();
  });
});
