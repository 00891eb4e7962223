import { eventually } from '@tollgate/testing';
import { type Answer, GatewayUnderTest } from '../../test/gateway-under-test.js';

describe('POST /api/workflows/{id}/execute refuses', () => {
  let gateway: GatewayUnderTest;
  let echo: string;
  let ofOwner: string;
  let ofWorkspace: string;

  beforeAll(async () => {
    gateway = await GatewayUnderTest.start();
    for (const person of ['anna', 'boris', 'rita', 'mallory']) await gateway.user(person);
    await gateway.workspace('ws1', 'anna', 'boris');
    await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'rita', role: 'read' });
    await gateway.workspace('ws2', 'mallory');
    echo = await gateway.deployed('anna', 'ws1');
    ofOwner = await gateway.key({ ownerId: 'anna' });
    ofWorkspace = await gateway.key({ workspaceId: 'ws1' });
  });
  afterAll(() => gateway.stop());

  /** Events of the run that an answer tells of. */
  const eventsOf = (executionId: string) =>
    eventually(() => {
      const events = gateway.runEvents.filter(({ subject }) => subject === executionId);
      expect(events.map(({ type }) => type)).toEqual(['RequestBilled', 'RunFinished']);
      return events.map(({ data }) => data as Record<string, unknown>);
    });
  /** Waits until everything that was kept is in the log, then gives its events. */
  const allEvents = async () => {
    const marker = await gateway.execute(echo, ofOwner);
    await eventsOf(marker.json.executionId);
    return gateway.runEvents.slice(0, -2);
  };
  const refusal = ({ status, json }: Answer) => [status, json];

  const absent = 'no-such-workflow';

  test('unknown, revoked, expired keys and those of suspended people with the same bytes', async () => {
    await gateway.user('susan');
    await gateway.happened('MemberAdded', { workspaceId: 'ws1', userId: 'susan', role: 'admin' });
    const keys = {
      unknown: 'sk-sim-' + 'A'.repeat(32),
      garbage: 'hello',
      long: 'x'.repeat(10_000),
      revoked: await gateway.key({ ownerId: 'anna' }),
      expired: await gateway.key({ ownerId: 'anna' }, { expiresAt: new Date(Date.now() - 1).toISOString() }),
      suspended: await gateway.key({ ownerId: 'susan' }),
    };
    expect((await gateway.execute(echo, keys.revoked)).status).toBe(200);
    expect((await gateway.execute(echo, keys.suspended)).status).toBe(200);
    await gateway.revoke(keys.revoked);
    await gateway.happened('UserSuspended', { userId: 'susan' });

    for (const key of Object.values(keys)) {
      for (const id of [echo, absent]) {
        const answer = await gateway.execute(id, key);
        expect([answer.status, answer.text]).toEqual([401, '{"error":"Invalid API key","code":"UNAUTHORIZED"}']);
      }
    }
  });

  test('calls without a key, whether the workflow is there or not', async () => {
    for (const id of [echo, absent]) {
      for (const headers of [
        {},
        { 'x-api-key': '' },
        { authorization: `Bearer ${ofOwner}` },
        { cookie: 'person=anna' },
      ]) {
        const answer = await gateway.execute(id, undefined, {}, headers as Record<string, string>);
        expect(refusal(answer)).toEqual([401, { error: 'Unauthorized', code: 'UNAUTHORIZED' }]);
        expect(answer.headers.get('x-request-id')).toBeTruthy();
      }
    }
  });

  test('a key that is sent twice', async () => {
    const path = `/api/workflows/${echo}/execute`;
    const answer = await gateway.sendRaw('POST', path, [
      'Host',
      'gateway',
      'Content-Length',
      '0',
      'X-API-Key',
      ofOwner,
      'X-API-Key',
      ofOwner,
    ]);
    expect(answer.status).toBe(401);
  });

  test('a key before it looks at the body', async () => {
    const tooLarge = await gateway.execute(echo, 'wrong', 'x'.repeat(11 * 1024 * 1024)).catch(() => undefined);
    expect(tooLarge?.status ?? 401).toBe(401);
    expect((await gateway.execute(echo, 'wrong', '{"')).status).toBe(401);
  });

  test('bodies beyond 10 MiB, and takes those of 10 MiB', async () => {
    const bodyOf = (bytes: number) => JSON.stringify({ x: 'y'.repeat(bytes - 8) });
    expect((await gateway.execute(echo, ofOwner, bodyOf(10 * 1024 * 1024))).status).toBe(200);
    const answer = await gateway.execute(echo, ofOwner, bodyOf(10 * 1024 * 1024 + 1));
    expect(refusal(answer)).toEqual([
      413,
      { error: 'Workflow execution request body exceeds maximum size', code: 'PAYLOAD_TOO_LARGE' },
    ]);
  });

  test('bodies that are no JSON, no object, or of another kind', async () => {
    const json = await gateway.execute(echo, ofOwner, '{"a":');
    expect(refusal(json)).toEqual([400, { error: 'Invalid JSON in request body', code: 'INVALID_JSON' }]);
    const list = await gateway.execute(echo, ofOwner, '[1]');
    expect(refusal(list)).toEqual([
      400,
      {
        error: 'Invalid request body',
        code: 'VALIDATION_ERROR',
        details: [{ path: [], message: 'Request body must be a JSON object' }],
      },
    ]);
    const text = await gateway.execute(echo, ofOwner, 'hello', { 'content-type': 'text/plain' });
    expect([text.status, text.json.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
  });

  test('modes that do not go together, before it says anything of the workflow', async () => {
    const answer = await gateway.execute(absent, ofOwner, { stream: true }, { 'x-execution-mode': 'async' });
    expect(refusal(answer)).toEqual([400, { error: 'async and stream cannot be combined', code: 'VALIDATION_ERROR' }]);
  });

  test('a call chain that is too deep, first of all', async () => {
    const via = Array(11).fill('wf').join(',');
    const answer = await gateway.execute(absent, 'wrong', '{"', { 'x-sim-via': via });
    expect([answer.status, answer.json.code]).toEqual([409, 'CONFLICT']);
  });

  test('a workflow that is not there', async () => {
    for (const key of [ofOwner, ofWorkspace]) {
      expect(refusal(await gateway.execute(absent, key))).toEqual([
        404,
        { error: 'Workflow not found', code: 'NOT_FOUND' },
      ]);
    }
    expect((await gateway.execute('a%00b%2F..', ofOwner)).status).toBe(404);
  });

  test('people who are not members, and keys of another workspace', async () => {
    const stranger = await gateway.execute(echo, await gateway.key({ ownerId: 'mallory' }));
    expect(refusal(stranger)).toEqual([
      403,
      { error: 'Unauthorized: Access denied to read this workflow', code: 'FORBIDDEN' },
    ]);
    const foreign = await gateway.execute(echo, await gateway.key({ workspaceId: 'ws2' }));
    expect(refusal(foreign)).toEqual([
      403,
      { error: 'API key is not authorized for this workspace', code: 'FORBIDDEN' },
    ]);
  });

  test('personal keys where they are switched off, and from the next request on', async () => {
    await gateway.happened('PersonalKeysDisallowed', { workspaceId: 'ws1' });
    const answer = await gateway.execute(echo, ofOwner);
    expect(refusal(answer)).toEqual([
      403,
      {
        error: 'Personal API keys are not allowed for this workspace',
        code: 'PERSONAL_API_KEYS_DISABLED',
      },
    ]);
    expect((await gateway.execute(echo, ofWorkspace)).status).toBe(200);
    await gateway.happened('PersonalKeysAllowed', { workspaceId: 'ws1' });
    expect((await gateway.execute(echo, ofOwner)).status).toBe(200);
  });

  test('a trigger of the caller’s choice, once he is known to have access', async () => {
    const body = { triggerType: 'manual' };
    const stranger = await gateway.key({ ownerId: 'mallory' });
    expect((await gateway.execute(echo, stranger, body)).status).toBe(403);
    expect(refusal(await gateway.execute(echo, ofOwner, body))).toEqual([
      400,
      { error: 'External callers cannot override triggerType', code: 'VALIDATION_ERROR' },
    ]);
  });

  test('a run id that was used, also after a restart, and ids that only the platform makes', async () => {
    const id = { 'x-execution-id': 'order-7' };
    const first = await gateway.execute(echo, ofOwner, {}, id);
    expect(first.json.executionId).toBe('order-7');
    const conflict = [
      409,
      { error: 'Execution ID has already been used', code: 'EXECUTION_ID_CONFLICT', executionId: 'order-7' },
    ];
    expect(refusal(await gateway.execute(echo, ofOwner, {}, id))).toEqual(conflict);
    // Another payer uses the same id, once.
    expect((await gateway.execute(echo, ofWorkspace, {}, id)).status).toBe(200);
    expect(refusal(await gateway.execute(echo, ofWorkspace, {}, id))).toEqual(conflict);

    const other = await gateway.execute(echo, ofOwner);
    const reused = await gateway.execute(echo, ofOwner, {}, { 'x-execution-id': other.json.executionId });
    expect(reused.status).toBe(409);

    await gateway.restart();
    for (const key of [ofOwner, ofWorkspace]) {
      expect(refusal(await gateway.execute(echo, key, {}, id))).toEqual(conflict);
    }
    const of = () => gateway.runEvents.filter(({ subject }) => subject === 'order-7');
    await eventually(() => expect(of()).toHaveLength(4));
  });

  test('of fifty calls with one run id all but one', async () => {
    const calls = Array.from({ length: 50 }, () => gateway.execute(echo, ofOwner, {}, { 'x-execution-id': 'race' }));
    const statuses = (await Promise.all(calls)).map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toEqual([200, ...Array<number>(49).fill(409)]);
  });

  test('what is not deployed: after the run id, before the budget', async () => {
    const id = await gateway.deployed('anna', 'ws1');
    await gateway.as('anna')('DELETE', `/api/workflows/${id}/deploy`);
    const used = await gateway.execute(id, ofOwner, {}, { 'x-execution-id': 'order-7' });
    expect(used.status).toBe(409);
    expect(refusal(await gateway.execute(id, ofOwner, {}, { 'x-execution-id': 'not-deployed-1' }))).toEqual([
      403,
      { error: 'Workflow is not deployed', code: 'WORKFLOW_NOT_DEPLOYED' },
    ]);
    await gateway.as('anna')('POST', `/api/workflows/${id}/deploy`);
    // A refused run has not used its id.
    expect((await gateway.execute(id, ofOwner, {}, { 'x-execution-id': 'not-deployed-1' })).status).toBe(200);
    await gateway.as('anna')('DELETE', `/api/workflows/${id}`);
    expect((await gateway.execute(id, ofOwner)).status).toBe(404);
  });

  test('all that with neither log nor charge', async () => {
    const before = (await allEvents()).length;
    const notDeployed = await gateway.deployed('anna', 'ws1');
    await gateway.as('anna')('DELETE', `/api/workflows/${notDeployed}/deploy`);
    await gateway.execute(echo, 'wrong');
    await gateway.execute(echo, ofOwner, '[');
    await gateway.execute('absent', ofOwner);
    await gateway.execute(notDeployed, ofOwner);
    await gateway.execute(echo, ofOwner, {}, { 'x-execution-id': 'order-7' });
    expect((await allEvents()).length).toBe(before + 2);
  });
});
