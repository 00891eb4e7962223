import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tollgate/testing';
import { type Answer, executeAt, GatewayUnderTest } from './gateway-under-test.js';

/** Whether it was given to an earlier call. */
export const isReplay = (answer: Answer) => answer.headers.get('idempotency-replayed') === 'true';

/** Two gateways on one database, and a key that calls two workflows of them with an `Idempotency-Key`. */
export class RepeatedCalls {
  private count = 0;

  private constructor(
    readonly gateway: GatewayUnderTest,
    readonly otherUrl: string,
    private readonly upstream: Server,
    /** Calls of the slow workflow that are not answered yet. */
    readonly waiting: { response: ServerResponse; runId: string }[],
    /** Its upstream answers when the test does. */
    readonly slow: string,
    readonly echo: string,
    readonly key: string,
  ) {}

  static async start(): Promise<RepeatedCalls> {
    const waiting: RepeatedCalls['waiting'] = [];
    const upstream = createServer((request, response) => {
      waiting.push({ response, runId: String(request.headers['x-tollgate-run-id']) });
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const gateway = await GatewayUnderTest.start({ UPSTREAM_ALLOW: '127.0.0.1' });
    await gateway.user('anna');
    await gateway.workspace('ws1', 'anna');
    const echo = await gateway.deployed('anna', 'ws1');
    const { port } = upstream.address() as AddressInfo;
    const slow = await gateway.deployed('anna', 'ws1', { kind: 'http', url: `http://127.0.0.1:${port}/` });
    const key = await gateway.key({ ownerId: 'anna' });
    return new RepeatedCalls(gateway, (await gateway.another()).url, upstream, waiting, slow, echo, key);
  }

  /** Between tests: nobody waits for an answer any more. */
  giveUpWaiting(): void {
    this.waiting.splice(0).forEach(({ response }) => response.destroy());
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    this.upstream.closeAllConnections();
    this.upstream.close();
  }

  freshKey(): string {
    return `order-${(this.count += 1)}`;
  }

  call(workflowId: string, idempotencyKey: string, body: unknown = {}, headers: Record<string, string> = {}) {
    return this.gateway.execute(workflowId, this.key, body, { 'idempotency-key': idempotencyKey, ...headers });
  }

  callOther(workflowId: string, idempotencyKey: string, body: unknown = {}): Promise<Answer> {
    return executeAt(this.otherUrl, workflowId, this.key, body, { 'idempotency-key': idempotencyKey });
  }

  /** The one call that the upstream has got. */
  called() {
    return eventually(() => {
      expect(this.waiting).toHaveLength(1);
      return this.waiting[0]!;
    });
  }

  /** How often the bill and the log have a run, once both do. */
  factsOf(runId: string): Promise<number> {
    return eventually(async () => {
      const { rows } = await this.gateway.database.pool.query<{ count: number }>(
        `SELECT count(*)::int AS count FROM event_log.facts WHERE subject = $1`,
        [runId],
      );
      expect(rows[0]!.count).toBeGreaterThan(0);
      return rows[0]!.count;
    });
  }
}
