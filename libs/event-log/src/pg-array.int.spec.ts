import pg from 'pg';
import { pgArray } from './pg-array.js';

describe('an array for PostgreSQL', () => {
  const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
  beforeAll(() => client.connect());
  afterAll(() => client.end());

  it.each([
    [
      'text',
      ['plain', '', 'NULL', null, 'a "quoted" one', 'back\\slash\\', '{1,2}', ' spaces ', 'line\nbreak', 'ünï 𝄞'],
    ],
    ['bigint', ['9223372036854775807', '-1', null]],
    ['float8', [0, 1.5, -2, null]],
    ['boolean', [true, false, null]],
    ['text', []],
  ])('comes out of %s[] as it went in', async (type, values) => {
    const { rows } = await client.query<{ out: unknown }>(`SELECT $1::${type}[] AS out`, [pgArray(values)]);
    expect(rows[0]?.out).toEqual(values);
  });
});
