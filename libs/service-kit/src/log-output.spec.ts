import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const LOG = join(import.meta.dirname, 'log.ts');

/** Writes far more than any pipe takes, tells over IPC that it still lives, and ends by itself. */
const PROGRAM = `
  const { PinoLog } = await import(${JSON.stringify(LOG)});
  const log = new PinoLog('info', 'talker');
  for (let line = 0; line < 20_000; line += 1) log.info('x'.repeat(100), { line });
  setTimeout(() => process.send('alive', () => process.exit(3)), 300);
`;

describe('the log', () => {
  test('given a reader of standard output that has stopped, the process goes on and can end', async () => {
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', PROGRAM],
      {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      },
    );
    child.stdout?.pause();
    try {
      const [message] = (await once(child, 'message')) as [string];
      expect(message).toBe('alive');
      const [code] = (await once(child, 'exit')) as [number];
      expect(code).toBe(3);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
