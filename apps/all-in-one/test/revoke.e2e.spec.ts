import { eventually } from '@tollgate/testing';
import { call, execute, getWithKey, operate, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

const INVALID = { error: 'Invalid API key', code: 'UNAUTHORIZED' };

describe('revoking', () => {
  let platform: RunningPlatform;
  beforeAll(async () => void (platform = await RunningPlatform.start()));
  afterAll(() => platform.dispose());

  test.each(['personal', 'workspace'])(
    'a revoked %s key is refused from the next request on, on every route, and the receipt proves it',
    async (kind) => {
      const ada = await Person.signUp(platform);
      const workspaceId = await ada.workspace();
      const workflowId = await ada.workflow(workspaceId);
      const made = kind === 'personal' ? await ada.personalKey() : await ada.workspaceKey(workspaceId);
      const list = kind === 'personal' ? '/api/users/me/api-keys' : `/api/workspaces/${workspaceId}/api-keys`;
      expect((await execute(platform, workflowId, made.key)).status).toBe(200);

      const revoked = await ada.ok('DELETE', `${list}/${made.id}`);
      const refused = await execute(platform, workflowId, made.key);

      expect(revoked).toMatchObject({
        success: true,
        receipt: {
          position: expect.stringMatching(/^\d+$/),
          revokedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
          confirmedAt: expect.stringMatching(/^\d{4}-.*\.\d{3}Z$/),
          gateways: [{ id: expect.any(String), appliedAt: expect.any(String) }],
          fenced: [],
        },
      });
      expect(refused.status).toBe(401);
      expect(refused.body).toEqual(INVALID);
      const logs = await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}`, made.key);
      expect([logs.status, logs.body]).toEqual([401, INVALID]);
      expect((await getWithKey(platform, `/api/workflows/${workflowId}/status`, made.key)).status).toBe(401);
      expect((await getWithKey(platform, '/api/users/me/usage-limits', made.key)).status).toBe(401);
      expect((await ada.ok('GET', list)).keys).toEqual([]);
    },
  );

  test('revoked, expired and unknown keys get the very same bytes', async () => {
    const ada = await Person.signUp(platform);
    const workflowId = await ada.workflow(await ada.workspace());
    const revoked = await ada.personalKey('revoked');
    const expiring = (
      await ada.ok('POST', '/api/users/me/api-keys', {
        name: 'expiring',
        expiresAt: new Date(Date.now() + 300).toISOString(),
      })
    ).key;
    await ada.ok('DELETE', `/api/users/me/api-keys/${revoked.id}`);
    await eventually(async () => expect((await execute(platform, workflowId, expiring.key)).status).toBe(401));

    const bytes = await Promise.all(
      [revoked.key, expiring.key, `sk-sim-${'0'.repeat(32)}`].map(async (key) => {
        const response = await fetch(`${platform.url}/api/workflows/${workflowId}/execute`, {
          method: 'POST',
          headers: { 'x-api-key': key, 'x-request-id': 'same' },
        });
        const headers = [...response.headers].filter(([name]) => name !== 'date');
        return JSON.stringify([response.status, headers, await response.text()]);
      }),
    );

    expect(new Set(bytes).size).toBe(1);
  });

  test('a client that calls without pause sees no admission after the revoke answered', async () => {
    const ada = await Person.signUp(platform);
    const workflowId = await ada.workflow(await ada.workspace());
    await operate(platform, 'PUT', `/users/${ada.userId}/plan`, { plan: 'enterprise' });
    const made = await ada.personalKey();
    let answeredAtMs = Infinity;
    const late: number[] = [];
    const hammer = async () => {
      for (let request = 0; request < 60; request += 1) {
        const beganAtMs = performance.now();
        const { status } = await execute(platform, workflowId, made.key);
        if (beganAtMs > answeredAtMs && status !== 401) late.push(status);
      }
    };
    const load = Promise.all([hammer(), hammer(), hammer(), hammer()]);
    await ada.ok('DELETE', `/api/users/me/api-keys/${made.id}`);
    answeredAtMs = performance.now();
    await load;

    expect(late).toEqual([]);
    expect((await execute(platform, workflowId, made.key)).status).toBe(401);
  });

  test('a key cannot manage keys', async () => {
    const ada = await Person.signUp(platform);
    const made = await ada.personalKey();

    const answer = await call(`${platform.url}/api/users/me/api-keys`, 'GET', undefined, { 'x-api-key': made.key });

    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ error: 'Unauthorized' });
  });
});
