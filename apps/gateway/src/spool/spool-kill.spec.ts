import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from '@swc/core';
import { Spool } from './spool.js';

const HERE = import.meta.dirname;
const KILLS = 6;

/** Puts runs for ever, 64 at a time, and says on standard output which are kept. */
const PROGRAM = `
  import { Spool } from './spool.js';
  const [dir, round, flushed] = process.argv.slice(2);
  const spool = Spool.open({ dir, runsMax: 1e9, flushed: flushed === 'true' });
  let nth = 0;
  const next = () => {
    const number = nth++;
    const events = [JSON.stringify({ billed: number, text: 'x'.repeat(number % 3000) }), '{"finished":' + number + '}'];
    spool.put({ runId: round + '-' + number, payerUserId: 'anna', costMicros: number, events }, false, (fault) => {
      if (fault) throw fault;
      process.stdout.write(number + '\\n');
      next();
    });
  };
  for (let started = 0; started < 64; started++) next();
`;

describe('a gateway that is killed', () => {
  let dir: string;
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'tollgate-kill-'));
    symlinkSync(join(HERE, '../../../../node_modules'), join(dir, 'node_modules'));
    writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
    writeFileSync(join(dir, 'program.js'), PROGRAM);
    const owner = '../../../../libs/service-kit/src/process-owner';
    for (const [name, path] of Object.entries({
      spool: 'spool',
      backlog: 'backlog',
      'claim-book': 'claim-book',
      journal: 'journal',
      'journal-frame': 'journal-frame',
      'spool-record': 'spool-record',
      'process-owner': owner,
    })) {
      // Of the kit it needs this one file alone.
      const source = readFileSync(join(HERE, `${path}.ts`), 'utf8').replace(
        '@tollgate/service-kit',
        './process-owner.js',
      );
      const { code } = transformSync(source, { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' } });
      writeFileSync(join(dir, `${name}.js`), code);
    }
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  /** Kills the program with SIGKILL once it has acknowledged so many runs; gives all it had acknowledged. */
  async function runAndKill(data: string, round: number, flushed: boolean, afterRuns: number): Promise<number[]> {
    const child = spawn(process.execPath, [join(dir, 'program.js'), data, String(round), String(flushed)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    let count = 0;
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      count += chunk.toString().split('\n').length - 1;
      if (count >= afterRuns) child.kill('SIGKILL');
    });
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect([code, signal]).toEqual([null, 'SIGKILL']);
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .trimEnd()
      .split('\n')
      .map(Number);
  }

  test.each([false, true])(
    'leaves every run that it acknowledged, whole, in order and once (flushed: %s)',
    async (flushed) => {
      const data = join(dir, `data-${flushed}`);
      mkdirSync(data);
      const acknowledged: number[][] = [];
      for (let round = 0; round < KILLS; round++) {
        acknowledged.push(await runAndKill(data, round, flushed, 100 + 173 * round));
      }

      const spool = Spool.open({ dir: data, runsMax: 1 });
      const left = [...spool.unshipped()];
      await spool.close();

      for (const [round, kept] of acknowledged.entries()) {
        const found = left.filter(({ runId }) => runId.startsWith(`${round}-`));
        // Some that nobody was told of may be there too; then all before them are.
        expect(found.map(({ costMicros }) => costMicros)).toEqual(found.map((_run, nth) => nth));
        expect(found.length).toBeGreaterThan(Math.max(...kept));
        for (const { events, costMicros } of found) {
          expect(events.map((event) => JSON.parse(event))).toMatchObject([
            { billed: costMicros },
            { finished: costMicros },
          ]);
        }
      }
      const rounds = left.map(({ runId }) => Number(runId.split('-')[0]));
      expect(rounds).toEqual(rounds.toSorted((a, b) => a - b));
    },
  );
});
