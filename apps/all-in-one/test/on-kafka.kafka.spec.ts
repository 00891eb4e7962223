import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Reconciliation } from '@tollgate/contracts';
import { eventually } from '@tollgate/testing';
import { call, execute, operate, Person } from './person.js';
import { ADMIN_API_KEY, RunningPlatform } from './running-platform.js';

const CLIENTS = 4;
const LIVES = 3;
const LIFE_MS = 2_000;

/** The same platform with its event log on a real Kafka: usage and runs in six partitions each. */
describe('the platform with its log on Kafka', () => {
  let platform: RunningPlatform;
  let log: Record<string, string>;
  beforeAll(async () => {
    const brokers = process.env.TEST_KAFKA_BROKERS;
    if (!brokers) throw new Error('TEST_KAFKA_BROKERS is not set: this spec needs the host:port of a running Kafka');
    const prefix = `spec${randomBytes(5).toString('hex')}.`;
    log = { KAFKA_BROKERS: brokers, KAFKA_TOPIC_PREFIX: prefix };
    platform = await RunningPlatform.start(log);
  }, 60_000);
  afterAll(() => platform?.dispose());

  test('given several payers and a kill under load, no comparison is ever wrong, and at rest bill and log are one', async () => {
    const people: { person: Person; workflowId: string; key: string }[] = [];
    for (const name of ['Ada', 'Ben', 'Cleo']) {
      const person = await Person.signUp(platform, name);
      const workspaceId = await person.workspace();
      const workflowId = await person.workflow(workspaceId);
      await operate(platform, 'PUT', `/users/${person.userId}/plan`, { plan: 'enterprise' });
      people.push({ person, workflowId, key: (await person.workspaceKey(workspaceId)).key });
    }
    let isOver = false;
    let answered = 0;
    const load = Array.from({ length: CLIENTS }, async (_, nth) => {
      const { workflowId, key } = people[nth % people.length]!;
      while (!isOver) {
        const answer = await execute(platform, workflowId, key).catch(() => undefined);
        if (answer?.status === 200) answered += 1;
        else await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
    const compared: Reconciliation[] = [];
    const compare = async () => {
      const { status, body } = await call(`${platform.url}/api/billing/reconciliation`, 'GET', undefined, {
        'x-admin-key': ADMIN_API_KEY,
      });
      if (status === 200) compared.push(body);
      return body as Reconciliation;
    };
    try {
      for (let life = 1; life <= LIVES; life += 1) {
        const until = performance.now() + LIFE_MS;
        while (performance.now() < until) await compare().catch(() => undefined);
        if (life === LIVES) break;
        await platform.end('SIGKILL');
        await platform.again();
      }
    } finally {
      isOver = true;
      await Promise.all(load);
    }

    const atRest = await eventually(
      async () => {
        const now = await compare();
        expect(now).toMatchObject({ difference: 0, missing: [], extra: [], asOf: { complete: true } });
        expect(now.billed).toBeGreaterThanOrEqual(answered);
        return now;
      },
      { timeoutMs: 30_000, everyMs: 200 },
    );
    console.info(
      `${answered} answered, ${atRest.billed} billed, ${atRest.runs} logged, ${compared.length} comparisons`,
    );
    expect(answered).toBeGreaterThan(50);
    expect(compared.length).toBeGreaterThan(3);
    expect(compared.filter(({ difference }) => difference !== 0)).toEqual([]);

    const reports = await Promise.all(
      people.map(({ person }) => person.ok('GET', '/api/billing/reports?groupBy=workflow')),
    );
    const requests = reports.map(({ total }) => total.requests as number);
    expect(requests.reduce((sum, each) => sum + each, 0)).toBe(atRest.billed);
    // What was shipped twice by a killed process counts in the position, and nowhere else.
    expect(Number(reports[0].asOf.position)).toBeGreaterThanOrEqual(atRest.billed);
  }, 180_000);

  /** A tool of the repository, as a person at this platform calls it. */
  function tool(path: string, ...args: string[]) {
    const env = { PATH: process.env.PATH, DATA_DIR: platform.dataDir, ...log };
    const file = join(import.meta.dirname, '../../..', path);
    const child = spawn(process.execPath, [file, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    return { child, said: () => said };
  }

  test('given the whole log, replay makes the same reports, ledger and run log in an empty database', async () => {
    const { child, said } = tool('apps/all-in-one/dist/replay.js', '--into', 'rebuilt');
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, said: said() }).toMatchObject({ code: 0, said: expect.stringMatching(/events\/s/) });
    expect(said().match(/identical/g)).toHaveLength(5);
    expect(said()).not.toContain('DIFFERENT');
  }, 120_000);

  test('tail shows what was and what comes, one event a line, and ends when it is asked to', async () => {
    const { child, said } = tool('tools/dist/tail.js', '--topics', 'keys', '--from', '1');
    const person = await Person.signUp(platform, 'Dora');
    const { id } = await person.personalKey('seen by tail');
    await eventually(() => expect(said()).toContain(id), { timeoutMs: 30_000 });
    const lines = said()
      .split('\n')
      .filter((line) => /^\d+ {2}\{/.test(line));
    expect(lines.length).toBeGreaterThan(1);
    for (const line of lines) {
      expect(JSON.parse(line.slice(line.indexOf('{')))).toMatchObject({ type: expect.stringMatching(/^Key/) });
    }
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  }, 60_000);
});
