import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { eventually, freePort } from '@tollgate/testing';

const MAIN = join(import.meta.dirname, '../dist/main.js');
/** A start on a busy machine takes its time; who waits for one must wait longer than `again` does, or a process is left. */
jest.setTimeout(150_000);
const READY_WITHIN_MS = 60_000;

export const ADMIN_API_KEY = 'operator-key-of-the-tests';

export interface Account {
  uid: number;
  gid: number;
}

export interface StartOptions {
  /** Who runs it; default the account of the tests. */
  account?: Account;
  /** The data folder lies where nobody else may look, as in root's own home. */
  isPrivate?: boolean;
}

/** The platform as a stranger starts it: its own process, its own port and data folder, the embedded default. */
export class RunningPlatform {
  private child: ChildProcess | undefined;
  private text = '';

  private constructor(
    readonly dataDir: string,
    readonly port: number,
    private readonly env: Record<string, string>,
    private readonly account: Account | undefined,
  ) {}

  static async start(
    env: Record<string, string> = {},
    { account, isPrivate = false }: StartOptions = {},
  ): Promise<RunningPlatform> {
    const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-e2e-'));
    // As the platform makes it itself: what root runs PostgreSQL as must pass through.
    if (!isPrivate) chmodSync(dataDir, 0o711);
    if (account) chownSync(dataDir, account.uid, account.gid);
    const platform = new RunningPlatform(dataDir, await freePort(), env, account);
    await platform.again().catch(async (error: unknown) => {
      await platform.dispose();
      throw error;
    });
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
    this.child = this.launch();
    await eventually(
      async () => {
        if (this.child?.exitCode !== null) throw new Error(`The platform ended:\n${this.text}`);
        const response = await fetch(`${this.url}/health/ready`);
        if (response.status !== 200) throw new Error(`not ready: ${await response.text()}`);
      },
      { timeoutMs: READY_WITHIN_MS, everyMs: 50 },
    );
  }

  /** Starts a process on the same port and data, without waiting for it. */
  launch(): ChildProcess {
    const child = spawn(process.execPath, [MAIN], {
      ...this.account,
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

  /** Where the database lies when it could not stay in the data folder. */
  get databaseHome(): string | undefined {
    const remembered = join(this.dataDir, 'postgres.json');
    return existsSync(remembered) ? JSON.parse(readFileSync(remembered, 'utf8')).home : undefined;
  }

  /** Ends it in order and removes its data. */
  async dispose(): Promise<void> {
    await this.end('SIGTERM');
    if (this.databaseHome !== undefined) rmSync(this.databaseHome, { recursive: true, force: true });
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}
