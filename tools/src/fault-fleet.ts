import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { isAlive, launch, type OwnProcess } from './own-process.js';
import { livePids, type StackFile } from './stack-file.js';
import { serviceReady } from './stack-services.js';
import { type TcpProxy, tcpProxy } from './tcp-proxy.js';

const GONE_TIMEOUT_MS = 10_000;
const START_TIMEOUT_MS = 60_000;
const GATEWAY = 'gateway-2';

/** A running stack whose processes are ended, stopped and started again, each as stack.json says it is started. */
export class FaultFleet {
  private constructor(
    readonly stack: StackFile,
    private readonly line: TcpProxy,
  ) {}

  /** Puts a line that can be cut between one gateway and Redis. */
  static async of(stack: StackFile): Promise<FaultFleet> {
    const redis = stack.processes.find(({ name }) => name === 'redis');
    const gateway = stack.processes.find(({ name }) => name === GATEWAY);
    if (!redis || !gateway) throw new Error('The stack has no Redis or no second gateway');
    const line = await tcpProxy(Number(new URL(redis.url).port));
    gateway.env.REDIS_URL = `redis://127.0.0.1:${line.port}`;
    const fleet = new FaultFleet(stack, line);
    await fleet.restart(GATEWAY, 0);
    return fleet;
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
    const pids = this.signal(name, 'SIGKILL');
    for (const deadline = performance.now() + GONE_TIMEOUT_MS; pids.some(isAlive);) {
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

  close(): Promise<void> {
    return this.line.close();
  }

  private process(name: string): OwnProcess {
    const found = this.stack.processes.find((each) => each.name === name);
    if (!found) throw new Error(`The stack has no ${name}`);
    return found;
  }
}
