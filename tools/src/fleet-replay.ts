import { execFile } from 'node:child_process';
import { join } from 'node:path';

const REPLAY = join(import.meta.dirname, '../../apps/all-in-one/dist/replay.js');
const TIMEOUT_MS = 120_000;
const LINE = /^(?<part>[a-z ]*?) +\d* +(?<side>rebuilt|original|folded|live) +(?<sha256>[0-9a-f]{64})/;

export interface Replayed {
  code: number;
  said: string;
  /** What was printed of each part, by side: `hashes.ledger.original`. */
  hashes: Record<string, Record<string, string>>;
}

/** `npm run replay` of the stack in `dir`, as a process of its own, with what it printed. */
export async function replayStack(dir: string, ...args: string[]): Promise<Replayed> {
  const words = ['--disable-warning=TimeoutNegativeWarning', REPLAY, '--stack', dir, ...args];
  const { promise, resolve } = Promise.withResolvers<{ code: number; said: string }>();
  execFile(process.execPath, words, { env: { PATH: process.env.PATH }, timeout: TIMEOUT_MS }, (error, out, said) =>
    resolve({ code: error ? Number(error.code ?? -1) : 0, said: `${out}${said}` }),
  );
  const ended = await promise;
  const hashes: Replayed['hashes'] = {};
  let part = '';
  for (const line of ended.said.split('\n')) {
    const found = LINE.exec(line)?.groups;
    if (!found) continue;
    part = found.part || part;
    hashes[part] = { ...hashes[part], [found.side ?? '']: found.sha256 ?? '' };
  }
  return { ...ended, hashes };
}
