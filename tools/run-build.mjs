import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const settings = ['.swcrc', 'nx.json', 'package.json', 'package-lock.json', 'tsconfig.base.json', 'eslint.config.mjs'];

/**
 * Builds unless all sources and outputs are what they were after the last build.
 *
 * nx without its daemon puts every output there anew, even when nothing has changed: it deletes `dist` and copies it back,
 * and a platform that runs from there lacks its page and its programs meanwhile.
 */
export async function buildWhatChanged(root, run) {
  const stampFile = join(root, 'node_modules', '.cache', 'tollgate-build');
  const projects = [...children(root, 'apps'), ...children(root, 'libs'), join(root, 'tools')];
  const sources = hash(root, [...settings.map((name) => join(root, name)), ...projects.flatMap((path) => files(path))]);
  const stamp = () =>
    `${sources} ${hash(
      root,
      projects.flatMap((path) => files(join(path, 'dist'))),
    )}\n`;
  if (read(stampFile)?.toString() === stamp()) return;
  rmSync(stampFile, { force: true });
  await run();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, stamp());
}

function children(root, folder) {
  return entries(join(root, folder)).flatMap((entry) => (entry.isDirectory() ? [join(root, folder, entry.name)] : []));
}

/** Everything below a folder but what is made or installed there. */
function files(folder) {
  return entries(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return entry.isFile() ? [path] : [];
    return entry.name === 'dist' || entry.name === 'node_modules' ? [] : files(path);
  });
}

function entries(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** A file that is gone counts as one without content. */
function hash(root, paths) {
  const sum = createHash('sha256');
  for (const path of [...paths].sort()) {
    const content = read(path);
    sum.update(`${relative(root, path)} ${content?.length}\n`).update(content ?? '');
  }
  return sum.digest('hex');
}

function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
