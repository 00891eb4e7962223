import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive, launch, type OwnProcess } from './own-process.js';
import { type HeldMoment, PgLines, type PgMoment } from './pg-lines.js';
import { livePids, type StackFile } from './stack-file.js';
import { serviceReady } from './stack-services.js';
import { type TcpProxy, tcpProxy } from './tcp-proxy.js';

const GONE_TIMEOUT_MS = 10_000;
const START_TIMEOUT_MS = 60_000;
/** Kafka may have been away just before: its groups miss their former members first. */
const MOMENT_TIMEOUT_MS = 60_000;
const GATEWAY = 'gateway-2';

/** A running stack whose processes are ended, stopped and started again, each as stack.json says it is started. */
export class FaultFleet {
  private constructor(
    readonly stack: StackFile,
    private readonly line: TcpProxy,
    private readonly lines: PgLines,
  ) {}

  /** Puts a line that can be cut between one gateway and Redis, and lines that can hold a moment before PostgreSQL. */
  static async of(stack: StackFile): Promise<FaultFleet> {
    const portOf = (server: string) =>
      Number(new URL(stack.processes.find(({ name }) => name === server)?.url ?? '').port);
    const fleet = new FaultFleet(stack, await tcpProxy(portOf('redis')), new PgLines(portOf('postgres')));
    fleet.process(GATEWAY).env.REDIS_URL = `redis://127.0.0.1:${fleet.line.port}`;
    for (const name of fleet.services) {
      const { env } = fleet.process(name);
      const url = new URL(env.DATABASE_URL ?? '');
      url.port = `${await fleet.lines.add(name)}`;
      env.DATABASE_URL = url.href;
    }
    await Promise.all(fleet.services.map((name) => fleet.restart(name, 0)));
    return fleet;
  }

  get brokers(): string[] {
    return [this.process('kafka').url];
  }

  get services(): string[] {
    return this.stack.processes.filter(({ kind }) => kind === 'service').map(({ name }) => name);
  }

  signal(name: string, signal: NodeJS.Signals): number[] {
    const pids = livePids(this.process(name));
    for (const pid of pids) process.kill(pid, signal);
    return pids;
  }

  /** Kills it, leaves it down for a while, and starts it again; resolves when a service is ready. */
  async restart(name: string, downMs: number): Promise<void> {
    await this.startAgain(name, this.signal(name, 'SIGKILL'), downMs);
  }

  /**
   * Waits for the moment, kills whoever came to it while it is held there, and starts it again. Throws when nobody came,
   * when `whileHeld` does, and when it waited there no longer as it was killed.
   */
  async restartAt(
    moment: PgMoment,
    downMs: number,
    whileHeld: (held: HeldMoment) => Promise<void> = () => Promise.resolve(),
  ): Promise<string> {
    const held = await this.lines.next(moment, MOMENT_TIMEOUT_MS);
    let fault: Error | undefined;
    await whileHeld(held).catch((error: Error) => (fault = error));
    const wasHeld = held.isHeld();
    const pids = this.signal(held.of, 'SIGKILL');
    await this.startAgain(held.of, pids, downMs);
    if (fault) throw fault;
    if (!wasHeld || pids.length === 0) throw new Error(`${held.of} did not wait there any more when it was killed`);
    return held.of;
  }

  private async startAgain(name: string, killed: readonly number[], downMs: number): Promise<void> {
    for (const deadline = performance.now() + GONE_TIMEOUT_MS; killed.some(isAlive);) {
      if (performance.now() > deadline) throw new Error(`${name} does not end by SIGKILL`);
      await pause(20);
    }
    await pause(downMs);
    await this.start(this.process(name));
  }

  /** A service ends with words when what it needs is away while it starts; it is started again then, as a supervisor does. */
  private async start(again: OwnProcess): Promise<void> {
    for (const deadline = performance.now() + START_TIMEOUT_MS; ;) {
      again.pid = launch(again);
      if (again.kind === 'infra') return;
      try {
        return await serviceReady(again);
      } catch (error) {
        if (isAlive(again.pid) || performance.now() > deadline) throw error;
        await pause(500);
      }
    }
  }

  async flushRedis(): Promise<void> {
    const socket = connect(Number(new URL(this.process('redis').url).port), '127.0.0.1');
    socket.write('FLUSHALL\r\n');
    await once(socket, 'data');
    socket.destroy();
  }

  cutRedis(): void {
    this.line.cut();
  }

  mendRedis(): void {
    this.line.mend();
  }

  async close(): Promise<void> {
    await Promise.all([this.line.close(), this.lines.close()]);
  }

  private process(name: string): OwnProcess {
    const found = this.stack.processes.find((each) => each.name === name);
    if (!found) throw new Error(`The stack has no ${name}`);
    return found;
  }
}
