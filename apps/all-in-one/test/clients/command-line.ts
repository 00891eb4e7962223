import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SIM = join(import.meta.dirname, '../../../../node_modules/sim/dist/index.js');

/** The unmodified CLI, with a settings folder of its own. */
export class CommandLine {
  readonly home = mkdtempSync(join(tmpdir(), 'tollgate-sim-'));

  constructor(
    private readonly endpoint: string,
    /** More of its environment: a key, a workspace, the form of its output. */
    private readonly env: Record<string, string> = {},
  ) {}

  start(...args: string[]): { child: ChildProcess; text: () => string; ended: Promise<number | null> } {
    const child = spawn(process.execPath, [SIM, ...args], {
      env: {
        PATH: process.env.PATH,
        HOME: this.home,
        SIM_CONFIG_DIR: this.home,
        SIM_ENDPOINT: this.endpoint,
        SIM_TELEMETRY_DISABLED: '1',
        SIM_NO_UPDATE_CHECK: '1',
        CI: '1',
        NO_COLOR: '1',
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return { child, text: () => text, ended: once(child, 'close').then(([code]) => code as number | null) };
  }

  async run(...args: string[]): Promise<{ code: number | null; text: string }> {
    const { text, ended } = this.start(...args);
    return { code: await ended, text: text() };
  }

  dispose(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}
