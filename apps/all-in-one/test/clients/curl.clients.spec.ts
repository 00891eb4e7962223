import { once } from 'node:events';
import { eventually } from '@tollgate/testing';
import { ClientWorld, FAULT_TEXT } from './client-world.js';
import { curl, curlFrames } from './curl.js';
import { HeldUpstream } from './held-upstream.js';
import { asMessage, V1_RUN_REFUSALS } from './v1-refusals.js';

const TIMEOUT_MS = 60_000;
const JSON_TYPE = ['-H', 'Content-Type: application/json'];
const key = (text: string) => ['-H', `X-API-Key: ${text}`];

describe('curl', () => {
  let world: ClientWorld;
  beforeAll(async () => {
    world = await ClientWorld.start();
  }, TIMEOUT_MS);
  afterAll(() => world.dispose());

  const executeUrl = (workflowId: string) => `${world.url}/api/workflows/${workflowId}/execute`;
  const execute = (workflowId: string, apiKey: string, body: string | Buffer = '{}', ...headers: string[]) =>
    curl(executeUrl(workflowId), [...JSON_TYPE, ...key(apiKey), ...headers.flatMap((each) => ['-H', each])], body);

  test('runs a workflow as the seed page says', async () => {
    const { status, headers, json } = await execute(world.workflows.echo, world.keys.personal, '{"inputs": {}}');

    expect([status, json]).toMatchObject([200, { success: true, output: { inputs: {} } }]);
    expect(headers['x-ratelimit-reset']).toMatch(/^\d+$/);
    expect(headers['x-request-id']).toBeDefined();
  });

  test.each(V1_RUN_REFUSALS)('$name is refused with text, code and status', async ({ by, message, code, status }) => {
    const of = await by(world);

    const answer = await execute(of.workflowId, of.key);

    expect([answer.status, answer.json]).toMatchObject([status, { error: asMessage(message), code }]);
    expect(answer.headers['retry-after'] !== undefined).toBe(status === 429);
  });

  test('huge and broken bodies are refused by what is wrong with them', async () => {
    const { echo } = world.workflows;
    const { personal } = world.keys;
    const answers = [
      await execute(echo, personal, Buffer.alloc(11 * 1024 * 1024, 'x')),
      await execute(echo, personal, '{"a":'),
      await execute(echo, personal, '[1]'),
      await execute(echo, personal, Buffer.from([0x7b, 0xff, 0x7d])),
      await curl(executeUrl(echo), [...key(personal), '-H', 'Content-Type: text/plain'], 'hello'),
    ];

    expect(answers.map(({ status, json }) => [status, json.error, json.code])).toEqual([
      [413, 'Workflow execution request body exceeds maximum size', 'PAYLOAD_TOO_LARGE'],
      [400, 'Invalid JSON in request body', 'INVALID_JSON'],
      [400, 'Invalid request body', 'VALIDATION_ERROR'],
      [400, 'Invalid JSON in request body', 'INVALID_JSON'],
      [415, 'Content-Type must be application/json', 'UNSUPPORTED_MEDIA_TYPE'],
    ]);
  });

  test('a queued run answers at once and is followed by its status address', async () => {
    const { failing } = world.workflows;
    const queued = await execute(failing, world.keys.personal, '{}', 'X-Execution-Mode: async');

    expect([queued.status, queued.json]).toMatchObject([202, { status: 'queued', taskId: queued.json.jobId }]);
    const path = new URL(queued.json.statusUrl as string).pathname;
    await eventually(async () => {
      const { json } = await curl(`${world.url}${path}`, key(world.keys.personal));
      expect(json).toMatchObject({ status: 'failed', error: expect.stringContaining(FAULT_TEXT) });
    });
  });

  describe('reads a stream', () => {
    let upstream: HeldUpstream;
    let workflowId: string;
    beforeAll(async () => {
      upstream = await HeldUpstream.listen();
      workflowId = await world.workflowAt(upstream.url);
    });
    afterAll(() => upstream.close());

    const stream = () =>
      curlFrames(executeUrl(workflowId), [...JSON_TYPE, ...key(world.keys.personal), '-d', '{"stream": true}']);
    const dataOf = async (frames: AsyncGenerator<string>): Promise<unknown> => {
      const { value } = await frames.next();
      return JSON.parse(String(value).replace(/^data: /, ''));
    };

    test('whose frames arrive while the run goes on', async () => {
      const called = upstream.next();
      const frames = stream();
      const first = dataOf(frames);
      const reply = await called;

      // The upstream says the next piece only once the last one has come through.
      reply.write('Hel');
      expect(await first).toEqual({ blockId: 'http', chunk: 'Hel' });
      reply.write('lo');
      expect(await dataOf(frames)).toEqual({ blockId: 'http', chunk: 'lo' });
      reply.end();
      expect(await dataOf(frames)).toMatchObject({ event: 'final', data: { success: true, output: 'Hello' } });
      expect(await dataOf(frames)).toBe('[DONE]');
      expect((await frames.next()).done).toBe(true);
    });

    test('and leaves it: the run is cancelled upstream, logged and billed as started', async () => {
      const called = upstream.next();
      const frames = stream();
      const first = dataOf(frames);
      const reply = await called;
      const cancelled = once(reply, 'close');
      reply.write('Hel');
      await first;

      await frames.return(undefined);

      await cancelled;
      const query = `workspaceId=${world.workspaceId}&workflowIds=${workflowId}`;
      await eventually(
        async () => {
          const { json } = await curl(`${world.url}/api/v2/logs?${query}`, key(world.keys.personal));
          expect(json.data[0]).toMatchObject({ workflowId, status: 'cancelled', cost: { total: 0.005 } });
        },
        { everyMs: 250 },
      );
    });
  });
});
