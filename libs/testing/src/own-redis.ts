import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { freePort } from './free-port.js';

/** A real Redis of one spec, without anything on disk: what ends it loses all, which is what such a spec is about. */
export class OwnRedis {
  private child: ChildProcess | undefined;
  private text = '';
  private readonly dir = mkdtempSync(join(tmpdir(), 'tollgate-own-redis-'));

  private constructor(
    readonly port: number,
    private readonly args: readonly string[],
  ) {}

  /** Throws when there is no `redis-server`: such a test must not pass. */
  static async start(...args: string[]): Promise<OwnRedis> {
    const redis = new OwnRedis(await freePort(), args);
    await redis.again();
    return redis;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it (again) on the same port, empty. */
  async again(): Promise<void> {
    const own = ['--bind', '127.0.0.1', '--port', `${this.port}`, '--save', '', '--dir', this.dir];
    const child = spawn('redis-server', [...own, ...this.args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const failed = new Promise<never>((_resolve, reject) => child.once('error', reject));
    failed.catch(() => undefined);
    child.stdout.on('data', (chunk: Buffer) => (this.text += chunk.toString()));
    this.child = child;
    await Promise.race([
      failed,
      eventually(async () => {
        if (child.exitCode !== null) throw new Error(`redis-server ended:\n${this.text}`);
        await this.greet();
      }),
    ]);
  }

  /** Sends one command by hand; the first bytes of its answer. */
  async ask(command: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1');
    socket.write(`${command}\r\n`);
    try {
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString().trim();
    } finally {
      socket.destroy();
    }
  }

  signal(name: NodeJS.Signals): void {
    this.child?.kill(name);
  }

  /** Ends it by its id and waits until it is gone. */
  async kill(): Promise<void> {
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  async dispose(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }

  private async greet(): Promise<void> {
    const socket = connect(this.port, '127.0.0.1');
    try {
      await once(socket, 'connect');
    } finally {
      socket.destroy();
    }
  }
}
