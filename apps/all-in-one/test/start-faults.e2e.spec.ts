import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { freePort } from '@tollgate/testing';

/** Most of it is loading, which takes its time on a busy machine. */
const STARTS_WITHIN_MS = 100_000;
jest.setTimeout(STARTS_WITHIN_MS + 10_000);
const MAIN = join(import.meta.dirname, '../dist/main.js');
const folder = mkdtempSync(join(tmpdir(), 'tollgate-faults-'));
const file = join(folder, 'a-file');
writeFileSync(file, '');
afterAll(() => rmSync(folder, { recursive: true }));

function start(env: Record<string, string>): Promise<{ code: unknown; output: string; fault: string }> {
  return new Promise((done) => {
    execFile(
      process.execPath,
      [MAIN],
      { timeout: STARTS_WITHIN_MS, killSignal: 'SIGKILL', env: { PATH: process.env.PATH, ...env } },
      (error, output, fault) => done({ code: error?.code, output, fault }),
    );
  });
}

const secrets = { MASTER_KEYS: 'ab'.repeat(32), KEY_PEPPERS: 'c'.repeat(32), AUTH_SECRET: 'd'.repeat(32) };
const nowhere = freePort();
const rule = 'it must be a folder that this account can write to';

describe('a start that fails', () => {
  test.each([
    [
      'several settings',
      () => ({ PORT: 'abc', AUTH_SECRET: 'hidden-word' }),
      /PORT is "abc"; it must be a whole number from 0 to 65535\n  - AUTH_SECRET: must/,
    ],
    [
      'a data folder that is a file',
      () => ({ DATA_DIR: file }),
      new RegExp(`DATA_DIR is "${file}"; ${rule} \\(ENOTDIR\\)`),
    ],
    [
      'that of the spool alone',
      async () => ({ ...secrets, DATABASE_URL: process.env.TEST_DATABASE_URL as string, DATA_DIR: file }),
      new RegExp(`DATA_DIR is "${file}"; ${rule}`),
    ],
    [
      'a database that is not there',
      async () => ({ ...secrets, DATABASE_URL: `postgres://a:hidden-word@127.0.0.1:${await nowhere}/b` }),
      /Cannot start: Cannot use the database at 127.0.0.1:\d+\/b: /,
    ],
  ])('for %s says so once, in words, and ends with 1', async (_name, env, said) => {
    const { code, output, fault } = await start({ DATA_DIR: folder, ...(await env()) });

    expect([code, output]).toEqual([1, '']);
    expect(fault).toMatch(said);
    expect(fault.match(/Cannot start: /g)).toHaveLength(1);
    expect(fault).not.toMatch(/\n +at |hidden-word/);
  });
});
