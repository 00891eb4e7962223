import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@tollgate/testing';
import pg from 'pg';
import { execute, getWithKey, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

describe('secrets at rest', () => {
  let platform: RunningPlatform;
  beforeAll(async () => void (platform = await RunningPlatform.start({ LOG_LEVEL: 'debug' })));
  afterAll(() => platform.dispose());

  test('a plain key is in no table, no file of the data folder, no log line; the search finds what is there', async () => {
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    const upstream = await ada.ok('POST', '/api/workflows', {
      workspaceId,
      name: 'Upstream',
      runner: { kind: 'http', url: 'https://example.com/', headers: { authorization: 'Bearer header-secret-4711' } },
    });
    await ada.ok('POST', `/api/workflows/${upstream.workflow.id}/deploy`);
    const [personal, shared] = [await ada.personalKey(), await ada.workspaceKey(workspaceId)];
    for (const { key } of [personal, shared])
      await execute(platform, workflowId, key, { marker: 'marker-of-the-input' });
    await ada.ok('DELETE', `/api/users/me/api-keys/${personal.id}`);
    await execute(platform, workflowId, personal.key);
    await eventually(async () => {
      const { body } = await getWithKey(platform, `/api/v1/logs?workspaceId=${workspaceId}`, shared.key);
      expect(body.data).toHaveLength(2);
    });

    const secrets = [personal.key, shared.key, 'header-secret-4711', upstream.signingSecret as string];
    const { databaseUrl } = JSON.parse(readFileSync(join(platform.dataDir, 'running.json'), 'utf8'));
    const tables = await everyRow(databaseUrl);
    await platform.end('SIGTERM');
    const files = everyFile(platform.dataDir);

    // The search itself can find: the input of the runs is in the tables and in the files.
    expect(tables).toContain('marker-of-the-input');
    expect(files.some((bytes) => bytes.includes('marker-of-the-input'))).toBe(true);
    for (const secret of secrets) {
      expect(secret.length).toBeGreaterThan(10);
      expect(tables.includes(secret)).toBe(false);
      expect(files.some((bytes) => bytes.includes(secret))).toBe(false);
      expect(platform.output.includes(secret)).toBe(false);
    }
  });
});

async function everyRow(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows: tables } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`,
  );
  const texts: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`);
    texts.push(...rows.map(({ row }) => row));
  }
  await client.end();
  return texts.join('\n');
}

/** Tables, write-ahead log, spool, settings: all bytes under the folder. */
function everyFile(folder: string): Buffer[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path));
}
