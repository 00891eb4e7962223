import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '@tollgate/testing';

const STACK = fileURLToPath(new URL('../../../tools/dist/stack.js', import.meta.url));
const START_WITHIN_MS = 240_000;
const READY_WITHIN_MS = 120_000;

/** A process as `stack.json` lists it (contract A5). */
interface Listed {
  name: string;
  kind: 'service' | 'infra';
  pid: number;
  url: string;
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  log: string;
}

/** What an operator's eye sees of a member of the fleet. */
export interface Member {
  id: string;
  leaseMs: number;
}

/** The distributed form: two gateways, keys, billing and logs on a real Kafka, Redis and PostgreSQL, started as `npm run stack` does. */
export class Fleet {
  private constructor(
    private readonly dir: string,
    readonly urls: readonly [string, string],
    readonly adminKey: string,
    private readonly processes: readonly Listed[],
  ) {}

  static async start(): Promise<Fleet> {
    const dir = mkdtempSync(join(tmpdir(), 'tollgate-page-'));
    // PostgreSQL's own account passes through it; else its data would lie elsewhere, and stay.
    chmodSync(dir, 0o711);
    try {
      await stack(['--gateways', '2', '--dir', dir]);
      const { baseUrls, adminApiKey, processes } = JSON.parse(readFileSync(join(dir, 'stack.json'), 'utf8'));
      return new Fleet(dir, baseUrls, adminApiKey, processes);
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** Ends everything, what was stopped or started again included. */
  async stop(): Promise<void> {
    // One that is stopped does not hear that it is to end.
    for (const { name } of this.processes) this.signal(name, 'SIGCONT');
    await stack(['stop', '--dir', this.dir]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Nothing happens to one that has ended. */
  signal(name: string, signal: NodeJS.Signals): void {
    try {
      process.kill(this.of(name).pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }

  /** Starts one that was killed, from its own command, with settings changed; resolves when it is ready. */
  async again(name: string, settings: Record<string, string> = {}): Promise<void> {
    const { argv, env, cwd, log } = this.of(name);
    const [command = '', ...words] = argv;
    const out = openSync(log, 'a');
    const launch = () => {
      const child = spawn(command, words, {
        cwd,
        env: { ...env, ...settings },
        detached: true,
        stdio: ['ignore', out, out],
      });
      child.unref();
      this.of(name).pid = child.pid ?? 0;
      return child;
    };
    let child = launch();
    const ready = async () => {
      // One that ends because something is away, or held by its forerunner, is started once more, as a supervisor does.
      if (child.exitCode !== null) child = launch();
      await answers(this.of(name));
    };
    try {
      await eventually(ready, { timeoutMs: READY_WITHIN_MS, everyMs: 200 });
    } finally {
      closeSync(out);
    }
  }

  /** The gateways that the fleet knows, without the services that hold a copy of the directory too. */
  async gateways(): Promise<Member[]> {
    const answer = await fetch(`${this.urls[0]}/api/v1/admin/gateways`, { headers: { 'x-admin-key': this.adminKey } });
    const { gateways } = (await answer.json()) as { gateways: Member[] };
    return gateways.filter(({ id }) => id.startsWith('gateway-'));
  }

  private of(name: string): Listed {
    const found = this.processes.find((each) => each.name === name);
    if (!found) throw new Error(`The stack has no ${name}`);
    return found;
  }
}

/** A service says that it is ready; of a server it is known that it listens. Rejects otherwise. */
async function answers({ kind, url }: Listed): Promise<void> {
  if (kind === 'service') return expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  const [, port] = /:(\d+)(?:\/|$)/.exec(url) ?? [];
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect').finally(() => socket.destroy());
}

/** The tool itself. What Jest sets in the environment is no setting of the fleet. */
async function stack(args: string[]): Promise<void> {
  const env = { ...process.env, NODE_ENV: undefined };
  await promisify(execFile)(process.execPath, [STACK, ...args], { env, timeout: START_WITHIN_MS });
}
