import { eventually } from '@tollgate/testing';
import { type Answer, executeAt, GatewayUnderTest } from './gateway-under-test.js';
import { WaitingUpstream } from './waiting-upstream.js';

/** Whether it was given to an earlier call. */
export const isReplay = (answer: Answer) => answer.headers.get('idempotency-replayed') === 'true';

/** Two gateways on one database, and a key that calls two workflows of them with an `Idempotency-Key`. */
export class RepeatedCalls {
  private count = 0;

  private constructor(
    readonly gateway: GatewayUnderTest,
    readonly otherUrl: string,
    private readonly upstream: WaitingUpstream,
    /** Its upstream answers when the test does. */
    readonly slow: string,
    readonly echo: string,
    readonly key: string,
  ) {}

  static async start(): Promise<RepeatedCalls> {
    const upstream = await WaitingUpstream.listen();
    const gateway = await GatewayUnderTest.start({ UPSTREAM_ALLOW: '127.0.0.1' });
    await gateway.user('anna');
    await gateway.workspace('ws1', 'anna');
    const echo = await gateway.deployed('anna', 'ws1');
    const slow = await gateway.deployed('anna', 'ws1', { kind: 'http', url: upstream.url });
    const key = await gateway.key({ ownerId: 'anna' });
    return new RepeatedCalls(gateway, (await gateway.another()).url, upstream, slow, echo, key);
  }

  /** Calls of the slow workflow that are not answered yet. */
  get waiting(): WaitingUpstream['waiting'] {
    return this.upstream.waiting;
  }

  /** Between tests: nobody waits for an answer any more. */
  giveUpWaiting(): void {
    this.upstream.hangUp();
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
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
      const count = await this.gateway.factsOf(runId);
      expect(count).toBeGreaterThan(0);
      return count;
    });
  }
}
