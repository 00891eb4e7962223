import { PgMessages, sqlOf, tagOf, valuesOf } from './pg-messages.js';
import { type Passage, type TcpProxy, tcpProxy } from './tcp-proxy.js';

/** A moment between a service and PostgreSQL, by the statement at which it begins. */
export interface PgMoment {
  /** By name, the services that are waited for. */
  of: readonly string[];
  at: RegExp;
  /** A statement that the server has answered earlier in the same transaction. */
  after?: RegExp;
  /** `statement`: the server never gets it. `answer`: it has done it, and the service never hears. */
  holds: 'statement' | 'answer';
}

export interface HeldMoment {
  of: string;
  /** The parameters of the held statement. */
  values: readonly (string | undefined)[];
  /** Whether the service is still there and waits. */
  isHeld(): boolean;
}

interface Awaited {
  moment: PgMoment;
  onHeld: (held: HeldMoment) => void;
}

/** Lines between services and PostgreSQL (without TLS) that pass everything on, until a moment is waited for. */
export class PgLines {
  private readonly proxies: TcpProxy[] = [];
  /** Given to one connection alone, whichever comes to it first. */
  awaited: Awaited | undefined;

  constructor(private readonly port: number) {}

  /** Gives the port at which this service has PostgreSQL. */
  async add(name: string): Promise<number> {
    const proxy = await tcpProxy(this.port, () => new PgPassage(name, this));
    this.proxies.push(proxy);
    return proxy.port;
  }

  /** Holds the next such moment: what is held never passes. Rejects when it has not come in time. */
  async next(moment: PgMoment, timeoutMs: number): Promise<HeldMoment> {
    const { promise, resolve, reject } = Promise.withResolvers<HeldMoment>();
    this.awaited = { moment, onHeld: resolve };
    const late = () => reject(new Error(`${moment.of.join(', ')} sent nothing like ${moment.at} in ${timeoutMs} ms`));
    const timer = setTimeout(late, timeoutMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.awaited = undefined;
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.proxies.map((proxy) => proxy.close()));
  }
}

/** One connection. */
class PgPassage implements Passage {
  private readonly said = new PgMessages(true);
  private readonly answered = new PgMessages(false);
  private isAfter = false;
  private holding: Awaited | undefined;
  private values: HeldMoment['values'] = [];
  private isOpen = true;

  constructor(
    private readonly name: string,
    private readonly lines: Pick<PgLines, 'awaited'>,
  ) {}

  toServer(data: Buffer): Buffer {
    const passed: Buffer[] = [];
    for (const message of this.said.take(data)) {
      if (this.lines.awaited && !this.holding) this.look(this.lines.awaited, sqlOf(message));
      if (this.holding && message.type === 'B') this.values = valuesOf(message);
      if (this.holding?.moment.holds !== 'statement') passed.push(message.bytes);
      else if (message.type === 'Q' || message.type === 'E') this.tell();
    }
    return Buffer.concat(passed);
  }

  toClient(data: Buffer): Buffer {
    if (!this.holding) return data;
    for (const message of this.answered.take(data)) {
      if (message.type === 'C' && this.holding.moment.at.test(tagOf(message))) this.tell();
    }
    return Buffer.alloc(0);
  }

  ended(): void {
    this.isOpen = false;
  }

  private look(awaited: Awaited, sql: string | undefined): void {
    const { of, at, after } = awaited.moment;
    if (sql === undefined || !of.includes(this.name)) return;
    if (at.test(sql) && (after === undefined || this.isAfter)) {
      this.holding = awaited;
      this.lines.awaited = undefined;
    }
    if (/^(BEGIN|COMMIT|ROLLBACK)/.test(sql)) this.isAfter = false;
    else if (after?.test(sql)) this.isAfter = true;
  }

  private tell(): void {
    this.holding?.onHeld({ of: this.name, values: this.values, isHeld: () => this.isOpen });
  }
}
