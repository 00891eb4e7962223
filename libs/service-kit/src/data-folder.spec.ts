import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDataFolder } from './data-folder.js';

describe('the data folder', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-folder-'));
  const file = join(folder, 'file');
  writeFileSync(file, '');
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is made with all above it, and others cannot list it', () => {
    const made = join(folder, 'one', 'two');
    makeDataFolder(made);
    makeDataFolder(made);
    expect(statSync(made).mode & 0o066).toBe(0);
  });

  test.each([
    [file, 'ENOTDIR'],
    [join(file, 'data'), 'ENOTDIR'],
    ['/proc/data', 'E[A-Z]+'],
  ])('%s is refused by the name of its setting and its rule', (path, code) => {
    const rule = `DATA_DIR is "${path}"; it must be a folder that this account can write to`;
    expect(() => makeDataFolder(path)).toThrow(new RegExp(`${rule} \\(${code}\\)`));
  });
});
