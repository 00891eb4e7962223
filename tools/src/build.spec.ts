import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

type Build = (root: string, run: () => Promise<void>) => Promise<void>;

describe('the build before each command', () => {
  let root: string;
  let builds: number;
  let buildWhatChanged: Build;
  beforeAll(async () => {
    const file = join(import.meta.dirname, '..', 'run-build.mjs');
    ({ buildWhatChanged } = (await import(pathToFileURL(file).href)) as { buildWhatChanged: Build });
  });
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'tollgate-build-'));
    builds = 0;
    write('package-lock.json', '{}');
    write('apps/page/src/page.ts', 'one');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  async function build(): Promise<number> {
    await buildWhatChanged(root, async () => {
      builds += 1;
      write('apps/page/dist/page.js', 'made');
      await Promise.resolve();
    });
    return builds;
  }

  test('leaves the outputs alone that a platform runs from, while nothing has changed', async () => {
    expect(await build()).toBe(1);
    expect(await build()).toBe(1);
  });

  test.each([
    ['a source', 'apps/page/src/page.ts'],
    ['a new source', 'libs/new/src/new.ts'],
    ['a setting', 'package-lock.json'],
    ['an output', 'apps/page/dist/page.js'],
  ])('happens again after a change of %s', async (_what, path) => {
    await build();
    write(path, 'two');

    expect(await build()).toBe(2);
    expect(await build()).toBe(2);
  });

  test('happens again when an output is gone, and after one that failed', async () => {
    await build();
    rmSync(join(root, 'apps/page/dist'), { recursive: true });
    await expect(buildWhatChanged(root, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');

    expect(await build()).toBe(2);
  });

  test('is not taken for that of a source which changed while it ran', async () => {
    await buildWhatChanged(root, async () => {
      write('apps/page/src/page.ts', 'changed meanwhile');
      await Promise.resolve();
    });

    expect(await build()).toBe(1);
  });
});
