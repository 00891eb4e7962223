import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@tollgate/testing';
import pg from 'pg';
import { execute, getWithKey, Person } from './person.js';
import { type Account, RunningPlatform } from './running-platform.js';

const READY_WITHIN_MS = 20_000;
const REPOSITORY = join(import.meta.dirname, '../../..');

const lives = (pid: number) => {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

describe('starting and ending the platform', () => {
  let platform: RunningPlatform;
  let firstStartMs: number;
  let workflowId: string;
  let key: string;
  beforeAll(async () => {
    const beganAtMs = performance.now();
    platform = await RunningPlatform.start();
    firstStartMs = performance.now() - beganAtMs;
    const ada = await Person.signUp(platform);
    workflowId = await ada.workflow(await ada.workspace());
    ({ key } = await ada.personalKey());
  });
  afterAll(() => platform.dispose());

  test('is ready in under 20 s on an empty folder, and says where it is and what to do next', () => {
    expect(firstStartMs).toBeLessThan(READY_WITHIN_MS);
    expect(platform.output).toContain(`Tollgate is ready at ${platform.url}`);
    expect(platform.output).toContain('npm run seed');
    expect(platform.output).toContain('npm run tail');
  });

  test('health tells each part; metrics and documents are served', async () => {
    const ready = (await (await fetch(`${platform.url}/health/ready`)).json()) as { parts: Record<string, unknown> };
    const metrics = await (await fetch(`${platform.url}/metrics`)).text();
    const openapi = (await (await fetch(`${platform.url}/openapi.json`)).json()) as { openapi: string; paths: object };

    expect(Object.keys(ready.parts)).toEqual(
      expect.arrayContaining([
        ...['directory', 'spool', 'follower:billing-meter', 'follower:logs-recorder'],
        ...['keys-database', 'gateway-database', 'billing-database', 'logs-database'],
      ]),
    );
    expect(metrics).toContain('tollgate_spool_runs');
    expect(openapi.openapi).toBe('3.1.0');
    expect((await fetch(`${platform.url}/docs`)).headers.get('content-type')).toContain('text/html');
  });

  test('a second start on the same data says which process is in the way, and the first runs on', async () => {
    const second = platform.launch();
    const [code] = await once(second, 'exit');

    expect(code).toBe(1);
    expect(platform.output).toMatch(new RegExp(`Cannot start: .*in use by process ${platform.pid}, which is running`));
    expect(platform.output).toContain(`Stop it first (kill ${platform.pid}), or set DATA_DIR to another folder.`);
    expect((await fetch(`${platform.url}/health/ready`)).status).toBe(200);
  });

  test('Ctrl-C ends everything, the database too, and data is there after the next start', async () => {
    const postgres = await databasePid(platform);

    expect(await platform.end('SIGINT')).toBe(0);

    await eventually(() => expect(lives(postgres)).toBe(false));
    await platform.again();
    expect((await execute(platform, workflowId, key)).status).toBe(200);
  });

  test('a killed process leaves no database behind, and nothing that blocks the next start', async () => {
    const postgres = await databasePid(platform);

    await platform.end('SIGKILL');
    const beganAtMs = performance.now();
    await platform.again();

    expect(performance.now() - beganAtMs).toBeLessThan(READY_WITHIN_MS);
    expect(lives(postgres)).toBe(false);
    expect((await execute(platform, workflowId, key)).status).toBe(200);
  });
});

/** Root can also be somebody else, who must be able to read this clone; the database's own tests bring one of theirs. */
function accounts(): [name: string, account: Account | undefined][] {
  if (process.getuid?.() !== 0) return [['the ordinary user who runs the tests', undefined]];
  const nobody = { uid: 65534, gid: 65534 };
  const reads = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', REPOSITORY], { ...nobody, cwd: '/' }).status === 0;
  return [['root', undefined], ...(reads ? [['an ordinary user', nobody] as [string, Account]] : [])];
}

describe.each(accounts())('run by %s, its data where nobody else may look', (_name, account) => {
  let platform: RunningPlatform;
  beforeAll(
    async () => void (platform = await RunningPlatform.start({}, { isPrivate: true, ...(account && { account }) })),
  );
  afterAll(() => platform.dispose());

  test('it issues, runs, bills and logs, and its database is nobody else’s', async () => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    const { key } = await ada.personalKey();

    expect((await execute(platform, workflowId, key, { n: 1 })).body).toMatchObject({
      success: true,
      output: { n: 1 },
    });
    await eventually(async () => {
      expect((await ada.ok('GET', '/api/billing/reports')).total.requests).toBe(1);
      expect((await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}`, key)).body.data).toHaveLength(1);
    });

    const uid = account?.uid ?? process.getuid?.();
    const home = platform.databaseHome;
    expect(home !== undefined).toBe(uid === 0);
    if (home !== undefined) expect(platform.output).toContain(`its data is in ${home}`);
    const data = statSync(join(home ?? platform.dataDir, 'postgres'));
    expect(data.mode & 0o077).toBe(0);
    if (uid !== 0) expect(data.uid).toBe(uid);
  });

  test('it ends in order, and starts again on what it kept', async () => {
    expect(await platform.end('SIGTERM')).toBe(0);
    await platform.again();
  });
});

/** PostgreSQL's own process: the parent of the one that serves a connection. */
async function databasePid(platform: RunningPlatform): Promise<number> {
  const { databaseUrl } = JSON.parse(readFileSync(join(platform.dataDir, 'running.json'), 'utf8'));
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${rows[0]?.pid}/status`, 'utf8'));
  await client.end();
  return Number(parent?.[1]);
}
