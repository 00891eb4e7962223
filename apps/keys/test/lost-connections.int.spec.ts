/* eslint-disable no-console -- what a library prints past the log is what one test looks for */
import { eventually } from '@tollgate/testing';
import pg from 'pg';
import { KeysDatabase } from '../src/keys-database.js';
import type { Browser } from './browser.js';
import { KeysUnderTest } from './keys-under-test.js';

let keys: KeysUnderTest;
let ada: Browser;
beforeAll(async () => {
  keys = await KeysUnderTest.start();
  ada = await keys.person('Ada');
});
afterAll(() => keys.dispose());

/** As the server's owner sees it, from another database. */
async function onServer(run: (client: pg.Client, database: string) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
  await client.connect();
  try {
    await run(client, new URL(keys.database.url).pathname.slice(1));
  } finally {
    await client.end();
  }
}

test('a connection that breaks under a query of the accounts is answered 503 and ends nothing', async () => {
  const { pool } = keys.running.app.get(KeysDatabase);
  const borrowed: pg.PoolClient[] = [];
  pool.on('acquire', (client) => borrowed.push(client));
  const blocker = await keys.database.pool.connect();
  await blocker.query('BEGIN; LOCK TABLE keys."session" IN ACCESS EXCLUSIVE MODE');
  const waiting = ada.send('GET', '/api/workspaces');
  await eventually(async () => {
    const { rowCount } = await blocker.query(`SELECT 1 FROM pg_locks WHERE NOT granted`);
    expect(rowCount).toBeGreaterThan(0);
  });
  // Like a cable that is pulled: no word of the server before it.
  for (const client of borrowed) (client as unknown as { connection: pg.Connection }).connection.stream.destroy();
  expect((await waiting).body).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  await blocker.query('ROLLBACK');
  blocker.release();
  expect((await ada.send('GET', '/api/workspaces')).status).toBe(200);
});

test('while the database takes nobody, accounts answer 503 and the service is not ready; then it is again', async () => {
  const print = console.error;
  const printed: unknown[] = [];
  console.error = (...words: unknown[]) => void printed.push(words);
  await onServer(async (server, database) => {
    await server.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
    await server.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
    try {
      const signIn = { email: ada.email, password: 'wrong' };
      for (const answer of [
        await ada.send('GET', '/api/workspaces'),
        await ada.send('GET', '/api/auth/get-session'),
        await keys.browser().send('POST', '/api/auth/sign-in/email', signIn),
      ]) {
        expect([answer.status, answer.body.code]).toEqual([503, 'SERVICE_UNAVAILABLE']);
        expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      }
      const ready = await keys.browser().send('GET', '/health/ready');
      expect([ready.status, ready.body.parts['keys-database'].ok]).toEqual([503, false]);
    } finally {
      await server.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS true`);
    }
  });
  console.error = print;
  expect(printed).toEqual([]);
  expect((await ada.send('GET', '/api/workspaces')).status).toBe(200);
  await eventually(async () => expect((await keys.browser().send('GET', '/health/ready')).status).toBe(200));
});
