import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@tollgate/testing';
import pg from 'pg';
import { execute, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

describe('starting and ending the platform', () => {
  let platform: RunningPlatform;
  beforeEach(async () => void (platform = await RunningPlatform.start()));
  afterEach(() => platform.dispose());

  const lives = (pid: number) => {
    try {
      process.kill(pid, 0);
      return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    } catch {
      return false;
    }
  };

  test('says where it is and what to do next', () => {
    expect(platform.output).toContain(`Tollgate is ready at ${platform.url}`);
    expect(platform.output).toContain('npm run seed');
  });

  test('a second start on the same data says which process is in the way', async () => {
    const second = platform.launch();
    const [code] = await once(second, 'exit');

    expect(code).toBe(1);
    expect(platform.output).toMatch(/Cannot start: .*process \d+/);
    expect((await fetch(`${platform.url}/health/ready`)).status).toBe(200);
    process.kill(Number(JSON.parse(readFileSync(join(platform.dataDir, 'running.json'), 'utf8')).pid), 'SIGTERM');
  });

  test('Ctrl-C ends everything, the database too, and data is there after the next start', async () => {
    const ada = await Person.signUp(platform);
    const workflowId = await ada.workflow(await ada.workspace());
    const { key } = await ada.personalKey();
    const postgres = await databasePid(platform);

    expect(await platform.end('SIGINT')).toBe(0);

    await eventually(() => expect(lives(postgres)).toBe(false));
    await platform.again();
    expect((await execute(platform, workflowId, key)).status).toBe(200);
  });

  test('a killed process leaves nothing that blocks the next start', async () => {
    const ada = await Person.signUp(platform);
    const workflowId = await ada.workflow(await ada.workspace());
    const { key } = await ada.personalKey();

    await platform.end('SIGKILL');
    const beganAtMs = performance.now();
    await platform.again();

    expect(performance.now() - beganAtMs).toBeLessThan(15_000);
    expect((await execute(platform, workflowId, key)).status).toBe(200);
  });

  test('health tells each part; metrics and documents are served', async () => {
    const ready = (await (await fetch(`${platform.url}/health/ready`)).json()) as { parts: Record<string, unknown> };
    const metrics = await (await fetch(`${platform.url}/metrics`)).text();
    const openapi = (await (await fetch(`${platform.url}/openapi.json`)).json()) as { openapi: string; paths: object };

    expect(Object.keys(ready.parts)).toEqual(
      expect.arrayContaining(['directory', 'spool', 'follower:billing-meter', 'follower:logs-recorder']),
    );
    expect(metrics).toContain('tollgate_spool_runs');
    expect(openapi.openapi).toBe('3.1.0');
    expect((await fetch(`${platform.url}/docs`)).headers.get('content-type')).toContain('text/html');
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
