import { freshDatabase, type FreshDatabase } from '@tollgate/testing';
import pg from 'pg';
import { PgLines, type PgMoment } from './pg-lines.js';

const TIMEOUT_MS = 5_000;
const moment = (holds: PgMoment['holds']): PgMoment => ({
  of: ['service'],
  at: /^COMMIT$/,
  after: /^INSERT INTO effect/,
  holds,
});

describe('the lines before PostgreSQL', () => {
  let database: FreshDatabase;
  let lines: PgLines;
  const clients: pg.Client[] = [];

  beforeAll(async () => {
    database = await freshDatabase();
    lines = new PgLines(Number(new URL(database.url).port));
    await database.pool.query('CREATE TABLE effect (id text PRIMARY KEY)');
  });
  beforeEach(() => database.pool.query('TRUNCATE effect'));
  afterEach(() => Promise.all(clients.splice(0).map((client) => client.end().catch(() => undefined))));
  afterAll(async () => {
    await lines.close();
    await database.drop();
  });

  async function connected(name: string): Promise<pg.Client> {
    const url = new URL(database.url);
    url.port = `${await lines.add(name)}`;
    const client = new pg.Client({ connectionString: url.href });
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  }

  async function inTransaction(client: pg.Client, id: string): Promise<void> {
    await client.query('BEGIN');
    await client.query('INSERT INTO effect VALUES ($1)', [id]);
    await client.query('COMMIT');
  }

  const effects = async () => (await database.pool.query('SELECT id FROM effect ORDER BY id')).rows.map(({ id }) => id);

  /** How the client fares that comes to the moment, when it is ended there. */
  async function endedAt(holds: PgMoment['holds']) {
    const [service, other] = [await connected('service'), await connected('other')];
    const next = lines.next(moment(holds), TIMEOUT_MS);
    // Neither another service, nor a commit without the effect, nor a connection that comes later is held.
    await inTransaction(other, 'of another');
    await service.query('BEGIN; SELECT 1');
    await service.query('COMMIT');
    const transaction = inTransaction(service, 'held').then(
      () => 'committed',
      () => 'unknown',
    );
    const held = await next;
    await inTransaction(await connected('service'), 'of a later connection');
    const wasHeld = held.isHeld();
    (service as pg.Client & { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    return { wasHeld, isHeld: held.isHeld, heard: await transaction };
  }

  it('keep a commit from the server, with what went before it in the transaction', async () => {
    const { wasHeld, isHeld, heard } = await endedAt('statement');
    expect([wasHeld, heard]).toEqual([true, 'unknown']);
    await expect(effects()).resolves.toEqual(['of a later connection', 'of another']);
    await inTransaction(await connected('service'), 'held');
    expect(isHeld()).toBe(false);
  });

  it('keep the answer to a commit from the client; the server has done it', async () => {
    const { wasHeld, heard } = await endedAt('answer');
    expect([wasHeld, heard]).toEqual([true, 'unknown']);
    await expect(effects()).resolves.toEqual(['held', 'of a later connection', 'of another']);
  });

  it('tell the values of a held statement, however large, and say when none came', async () => {
    const service = await connected('service');
    const values = ['x'.repeat(300_000), null, 'ü'];
    const next = lines.next({ of: ['service'], at: /^SELECT \$1/, holds: 'statement' }, TIMEOUT_MS);
    void service.query('SELECT $1::text, $2::text, $3::text', values).catch(() => undefined);
    expect((await next).values).toEqual([values[0], undefined, 'ü']);
    await expect(lines.next(moment('statement'), 50)).rejects.toThrow(/service sent nothing like .*COMMIT/);
  });
});
