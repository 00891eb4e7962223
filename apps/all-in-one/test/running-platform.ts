import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort } from '@tollgate/testing';

const MAIN = join(import.meta.dirname, '../dist/main.js');
export const ADMIN_API_KEY = 'operator-key-of-the-tests';

/** The platform as a stranger starts it: its own process, its own port and data folder, the embedded default. */
export class RunningPlatform {
  private child: ChildProcess | undefined;
  private text = '';

  private constructor(
    readonly dataDir: string,
    readonly port: number,
    private readonly env: Record<string, string>,
  ) {}

  static async start(env: Record<string, string> = {}): Promise<RunningPlatform> {
    const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-e2e-'));
    const platform = new RunningPlatform(dataDir, await freePort(), env);
    await platform.again();
    return platform;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Everything it has printed since the first start. */
  get output(): string {
    return this.text;
  }

  get pid(): number {
    if (this.child?.pid === undefined) throw new Error('The platform does not run');
    return this.child.pid;
  }

  /** Starts it (again, on the same data) and waits until it says it is ready. */
  async again(): Promise<void> {
    this.launch();
    await eventually(
      async () => {
        if (this.child?.exitCode !== null) throw new Error(`The platform ended:\n${this.text}`);
        const response = await fetch(`${this.url}/health/ready`);
        if (response.status !== 200) throw new Error(`not ready: ${await response.text()}`);
      },
      { timeoutMs: 30_000, everyMs: 50 },
    );
  }

  /** Starts the process without waiting. */
  launch(): ChildProcess {
    const child = spawn(process.execPath, [MAIN], {
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PORT: String(this.port),
        DATA_DIR: this.dataDir,
        ADMIN_API_KEY,
        ...this.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const keep = (chunk: Buffer) => (this.text += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.child = child;
    return child;
  }

  /** Ends it by a signal and waits until it is gone; SIGKILL is what the tests of durability are about. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
    return child.exitCode;
  }

  /** Ends it in order and removes its data. */
  async dispose(): Promise<void> {
    await this.end('SIGTERM');
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
