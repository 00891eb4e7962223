import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from '@tollgate/testing';
import { FleetOnRedis } from './fleet-on-redis.js';
import { call, execute, operate, Person, type Place } from './person.js';

const INVALID = { error: 'Invalid API key', code: 'UNAUTHORIZED' };

describe('two gateways and the keys service on one Redis', () => {
  let fleet: FleetOnRedis;
  let one: Place;
  let two: Place;
  let ada: Person;
  let workspaceId: string;
  let workflowId: string;
  const statuses = async (key: string) =>
    Promise.all([one, two].map(async (place) => (await execute(place, workflowId, key)).status));

  beforeAll(async () => {
    fleet = await FleetOnRedis.start();
    [one, two] = [fleet.through(0), fleet.through(1)];
    ada = await Person.signUp(two);
    workspaceId = await ada.workspace();
    workflowId = await ada.workflow(workspaceId);
    await operate(two, 'PUT', `/users/${ada.userId}/plan`, { plan: 'enterprise' });
  });
  afterAll(() => fleet.dispose());

  test('a key that was created works on both at the very next request', async () => {
    for (let nth = 0; nth < 5; nth += 1) {
      const { key } = await ada.personalKey(`made ${nth}`);
      expect(await statuses(key)).toEqual([200, 200]);
    }
  });

  test('a revoked key is refused on both, and the receipt names everybody who admits, with the times', async () => {
    const { id, key } = await ada.personalKey('to revoke');
    expect(await statuses(key)).toEqual([200, 200]);

    const { receipt, ...rest } = await ada.ok('DELETE', `/api/users/me/api-keys/${id}`);
    const after = await Promise.all([one, two].map((place) => execute(place, workflowId, key)));

    expect(after.map(({ status, body }) => [status, body])).toEqual([
      [401, INVALID],
      [401, INVALID],
    ]);
    expect(rest).toEqual({ success: true });
    expect(receipt.gateways.map((each: { id: string }) => each.id.split('-')[0])).toEqual([
      'gateway',
      'gateway',
      'keys',
    ]);
    expect(receipt.fenced).toEqual([]);
    expect(Date.parse(receipt.confirmedAt)).toBeGreaterThanOrEqual(Date.parse(receipt.revokedAt));
    expect(await ada.ok('GET', `/api/keys/receipts/${receipt.position}`)).toEqual({ success: true, receipt });
    const metrics = await (await fetch(`${fleet.keys.url}/metrics`)).text();
    expect(metrics).toMatch(/tollgate_confirmation_seconds_count [1-9]/);
  });

  test('a receipt is its maker’s alone, and what is none is not found', async () => {
    const { id } = await ada.personalKey('to ask about');
    const { receipt } = await ada.ok('DELETE', `/api/users/me/api-keys/${id}`);
    const eve = await Person.signUp(two, 'Eve');
    const statusOf = async (person: Person, position: string) =>
      (await person.send('GET', `/api/keys/receipts/${position}`)).status;

    expect(await statusOf(eve, receipt.position)).toBe(404);
    expect(await statusOf(ada, '999999999999999999999')).toBe(404);
    expect(await statusOf(ada, 'x')).toBe(404);
    expect((await call(`${fleet.keys.url}/api/keys/receipts/${receipt.position}`, 'GET')).status).toBe(401);
  });

  test('a policy that is switched off, and a suspension, count on both from the answer on', async () => {
    const bob = await Person.signUp(two, 'Bob');
    await ada.join(workspaceId, bob, 'read');
    const { key } = await bob.personalKey();
    expect(await statuses(key)).toEqual([200, 200]);

    await ada.ok('PATCH', `/api/workspaces/${workspaceId}`, { allowPersonalApiKeys: false });
    expect(await statuses(key)).toEqual([403, 403]);
    await ada.ok('PATCH', `/api/workspaces/${workspaceId}`, { allowPersonalApiKeys: true });
    expect(await statuses(key)).toEqual([200, 200]);
    const suspended = await operate(two, 'POST', `/users/${bob.userId}/suspend`);
    expect(await statuses(key)).toEqual([401, 401]);
    expect(suspended.body).toMatchObject({ success: true, receipt: { fenced: [] } });
  });

  test('a gateway that is cut off from Redis is fenced after its lease; it asks keys and refuses what was revoked', async () => {
    const [kept, lost] = [await ada.personalKey('kept'), await ada.personalKey('lost')];
    expect(await statuses(kept.key)).toEqual([200, 200]);
    expect(await statuses(lost.key)).toEqual([200, 200]);

    fleet.redisCable.cut();
    const { receipt } = await ada.ok('DELETE', `/api/users/me/api-keys/${lost.id}`);
    expect(await statuses(lost.key)).toEqual([401, 401]);
    expect(await statuses(kept.key)).toEqual([200, 200]);
    expect(receipt.fenced).toHaveLength(1);
    expect(receipt.gateways).toHaveLength(2);

    const made = await ada.personalKey('made meanwhile');
    expect(await statuses(made.key)).toEqual([200, 200]);

    fleet.keysCable.cut();
    const refused = await execute(one, workflowId, kept.key);
    expect([refused.status, refused.body.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await execute(two, workflowId, kept.key)).status).toBe(200);
    fleet.keysCable.mend();
    fleet.redisCable.mend();
    await eventually(async () => expect(await statuses(kept.key)).toEqual([200, 200]));
    expect(await statuses(lost.key)).toEqual([401, 401]);
  });

  test('a gateway that was stopped for longer than its lease admits nothing revoked meanwhile when it wakes', async () => {
    const third = await fleet.gatewayProcess();
    const { id, key } = await ada.personalKey('revoked while it slept');
    // A line that is open already: what is written to it lies before the stopped process and is read when it wakes.
    const line = connect(Number(new URL(third.url).port), '127.0.0.1');
    const send = () =>
      new Promise<void>((resolve) => {
        const path = `/api/workflows/${workflowId}/execute`;
        line.write(`POST ${path} HTTP/1.1\r\nhost: x\r\nx-api-key: ${key}\r\ncontent-length: 0\r\n\r\n`, () =>
          resolve(),
        );
      });
    const answer = async () => String((await once(line, 'data'))[0]).split('\r\n', 1)[0];
    await send();
    expect(await answer()).toBe('HTTP/1.1 200 OK');
    await send();
    expect(await answer()).toBe('HTTP/1.1 200 OK');

    third.child.kill('SIGSTOP');
    const { receipt } = await ada.ok('DELETE', `/api/users/me/api-keys/${id}`);
    await send();
    third.child.kill('SIGCONT');
    expect(await answer()).toBe('HTTP/1.1 401 Unauthorized');
    line.destroy();

    expect(receipt.fenced).toEqual([expect.stringMatching(/^gateway-/)]);
    expect(receipt.gateways).toHaveLength(3);
    const gone = once(third.child, 'exit');
    third.child.kill('SIGTERM');
    await gone;
  });

  test('a flushed Redis makes nobody answer a wrong 401, nor admit what was revoked, and is filled again from the log', async () => {
    const [kept, lost] = [await ada.personalKey('kept over'), await ada.personalKey('lost before')];
    await ada.ok('DELETE', `/api/users/me/api-keys/${lost.id}`);
    const seen = new Set<string>();
    const ask = async () => {
      for (const status of await statuses(kept.key)) seen.add(`kept ${status}`);
      for (const status of await statuses(lost.key)) seen.add(`lost ${status}`);
    };
    await ask();
    await fleet.redis.ask('FLUSHALL');
    await ask();
    const made = await ada.personalKey('made in between');
    expect(await statuses(made.key)).toEqual([200, 200]);
    await eventually(async () => {
      await ask();
      expect(await fleet.redis.ask('EXISTS tollgate:{directory}:epoch')).toBe(':1');
    });
    await ask();
    expect([...seen].sort()).toEqual(['kept 200', 'lost 401']);
    const { receipt } = await ada.ok('DELETE', `/api/users/me/api-keys/${kept.id}`);
    expect(receipt.gateways).toHaveLength(3);
    expect(await statuses(kept.key)).toEqual([401, 401]);
  });

  test('while Redis is away, keys work through the keys service; a revoke says who is pending until it is back', async () => {
    const [kept, lost] = [await ada.personalKey('kept long'), await ada.personalKey('lost slowly')];
    expect(await statuses(kept.key)).toEqual([200, 200]);
    await fleet.redis.kill();
    await eventually(async () => expect(await statuses(kept.key)).toEqual([200, 200]));
    const refused = await ada.send('POST', '/api/users/me/api-keys', { name: 'not now' });
    expect(refused.status).toBe(503);

    const revoked = await ada.send('DELETE', `/api/users/me/api-keys/${lost.id}`);
    expect(revoked.status).toBe(202);
    expect(revoked.body).toMatchObject({ success: true, receipt: { confirmedAt: null, gateways: [], fenced: [] } });
    expect(revoked.body.pending).toHaveLength(3);
    expect(await statuses(lost.key)).toEqual([401, 401]);

    await fleet.redis.again();
    const { position } = revoked.body.receipt;
    const complete = await eventually(
      async () => {
        const answer = await ada.send('GET', `/api/keys/receipts/${position}`);
        expect([200, 202]).toContain(answer.status);
        expect(answer.body.pending).toBeUndefined();
        return answer.body;
      },
      { timeoutMs: 20_000, everyMs: 100 },
    );
    expect(complete.receipt.gateways).toHaveLength(3);
    expect(await statuses(lost.key)).toEqual([401, 401]);
    expect(await statuses(kept.key)).toEqual([200, 200]);
  });

  test('a limit holds for both gateways together', async () => {
    const eve = await Person.signUp(two, 'Eve');
    const own = await eve.workflow(await eve.workspace());
    await operate(two, 'PUT', `/users/${eve.userId}/usage-limit`, { usd: '0.015' });
    const { key } = await eve.personalKey();
    const runs = await Promise.all(Array.from({ length: 12 }, (_, nth) => execute(nth % 2 ? one : two, own, key)));
    expect(runs.map(({ status }) => status).sort()).toEqual([...Array(3).fill(200), ...Array(9).fill(402)]);
  });

  test('one gateway is all that a person needs: it passes on what the keys service owns', async () => {
    const { url } = fleet.gateways[0];
    const bob = await Person.signUp({ url }, 'Bo');
    const mine = await bob.workflow(await bob.workspace());
    const { id, key } = await bob.personalKey();
    expect((await execute({ url }, mine, key)).status).toBe(200);
    expect(await bob.ok('DELETE', `/api/users/me/api-keys/${id}`)).toMatchObject({ success: true });
    expect((await execute({ url }, mine, key)).status).toBe(401);
    expect((await bob.send('POST', '/api/auth/sign-out', {})).status).toBe(200);
    expect((await bob.send('GET', '/api/workspaces')).status).toBe(401);
    expect((await call(`${url}/internal/directory`, 'POST', { entries: [['user', bob.userId]] })).status).toBe(404);
  });

  test('the internal look-up is not there for whoever does not know the secret', async () => {
    const ask = (headers: Record<string, string>) =>
      call(`${fleet.keys.url}/internal/directory`, 'POST', { entries: [['user', ada.userId]] }, headers);
    expect((await ask({})).status).toBe(404);
    expect((await ask({ 'x-tollgate-internal': 'guess' })).status).toBe(404);
  });
});
