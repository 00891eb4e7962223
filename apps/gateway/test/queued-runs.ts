import { eventually } from '@tollgate/testing';
import { type Answer, GatewayUnderTest } from './gateway-under-test.js';
import { WaitingUpstream } from './waiting-upstream.js';

export const ASYNC = { 'x-execution-mode': 'async' };

/** A gateway with workflows of anna's, one of them on an upstream that answers when a test says so. */
export class QueuedRuns {
  echo = '';
  slow = '';
  key = '';

  private constructor(
    readonly gateway: GatewayUnderTest,
    private readonly upstream: WaitingUpstream,
  ) {}

  static async start(): Promise<QueuedRuns> {
    const upstream = await WaitingUpstream.listen();
    const gateway = await GatewayUnderTest.start({ UPSTREAM_ALLOW: '127.0.0.1', JOB_WORKERS: '4' });
    const runs = new QueuedRuns(gateway, upstream);
    for (const person of ['anna', 'mallory']) await gateway.user(person);
    await gateway.workspace('ws1', 'anna');
    await gateway.workspace('ws2', 'mallory');
    runs.echo = await gateway.deployed('anna', 'ws1');
    runs.slow = await gateway.deployed('anna', 'ws1', { kind: 'http', url: runs.upstreamUrl });
    runs.key = await gateway.key({ ownerId: 'anna' });
    return runs;
  }

  get upstreamUrl(): string {
    return this.upstream.url;
  }

  get waiting(): WaitingUpstream['waiting'] {
    return this.upstream.waiting;
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
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

  readonly upstreamHas = (count: number) =>
    eventually(() => expect(this.waiting).toHaveLength(count), { timeoutMs: 10_000, everyMs: 20 });

  /** The upstream answers all who wait. */
  answerAll(text: string): void {
    for (const { response } of this.waiting.splice(0)) response.end(text);
  }

  /** Nobody waits for the upstream any more. */
  readonly hangUp = (): void => this.upstream.hangUp();
}
