import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '@tollgate/testing';
import { type Answer, GatewayUnderTest } from './gateway-under-test.js';

export const ASYNC = { 'x-execution-mode': 'async' };

/** A gateway with workflows of anna's, one of them on an upstream that answers when a test says so. */
export class QueuedRuns {
  echo = '';
  slow = '';
  key = '';
  waiting: { response: ServerResponse; runId: string }[] = [];

  private constructor(
    readonly gateway: GatewayUnderTest,
    private readonly upstream: Server,
  ) {}

  static async start(): Promise<QueuedRuns> {
    const waiting: QueuedRuns['waiting'] = [];
    const upstream = createServer((request, response) => {
      waiting.push({ response, runId: String(request.headers['x-tollgate-run-id']) });
    }).listen(0, '127.0.0.1');
    await once(upstream, 'listening');
    const gateway = await GatewayUnderTest.start({ UPSTREAM_ALLOW: '127.0.0.1', JOB_WORKERS: '4' });
    const runs = new QueuedRuns(gateway, upstream);
    runs.waiting = waiting;
    for (const person of ['anna', 'mallory']) await gateway.user(person);
    await gateway.workspace('ws1', 'anna');
    await gateway.workspace('ws2', 'mallory');
    runs.echo = await gateway.deployed('anna', 'ws1');
    runs.slow = await gateway.deployed('anna', 'ws1', { kind: 'http', url: runs.upstreamUrl });
    runs.key = await gateway.key({ ownerId: 'anna' });
    return runs;
  }

  get upstreamUrl(): string {
    return `http://127.0.0.1:${(this.upstream.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    this.upstream.closeAllConnections();
    this.upstream.close();
  }

  readonly job = (answer: Answer, by = this.key): Promise<Answer> =>
    this.gateway.send('GET', `/api/jobs/${answer.json.jobId}`, { 'x-api-key': by });

  /** The job's answer, once it has this status. */
  readonly ended = (answer: Answer, status: string) =>
    eventually(
      async () => {
        const { json } = await this.job(answer);
        expect(json.status).toBe(status);
        return json;
      },
      { timeoutMs: 10_000, everyMs: 50 },
    );

  readonly eventsOf = (runId: string, types = ['RequestBilled', 'RunFinished']) =>
    eventually(() => {
      const events = this.gateway.runEvents.filter(({ subject }) => subject === runId);
      expect(events.map(({ type }) => type)).toEqual(types);
      return events.map(({ data }) => data as Record<string, unknown>);
    });

  /** How many events of a run the log of facts has. */
  async factsOf(runId: string): Promise<number> {
    const { rows } = await this.gateway.database.pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM event_log.facts WHERE subject = $1`,
      [runId],
    );
    return rows[0]!.count;
  }

  readonly upstreamHas = (count: number) =>
    eventually(() => expect(this.waiting).toHaveLength(count), { timeoutMs: 10_000, everyMs: 20 });

  /** The upstream answers all who wait. */
  answerAll(text: string): void {
    for (const { response } of this.waiting.splice(0)) response.end(text);
  }

  /** Nobody waits for the upstream any more. */
  readonly hangUp = (): void => this.waiting.splice(0).forEach(({ response }) => response.destroy());
}
