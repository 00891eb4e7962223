import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { root } from './run-process.mjs';

const ownMinimum = [20, 19];
const runMinimum = [24, 9];

function isAtLeast(version, [major, minor]) {
  const [foundMajor = 0, foundMinor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return foundMajor > major || (foundMajor === major && foundMinor >= minor);
}

/** This step itself, and npm's install, need no more than a maintained Node. */
export function checkOwnNode() {
  if (isAtLeast(process.version, ownMinimum)) return;
  throw new Error(
    `Node ${ownMinimum.join('.')} or newer is needed to install; this is ${process.version}. ` +
      'Install Node 24 (https://nodejs.org, or: nvm install 24), then run the command again.',
  );
}

/**
 * Puts the Node that everything runs on first on PATH: the pinned one that npm installed, or our own where it is not to
 * be had for this machine (macOS, musl) but new enough.
 */
export function findNode() {
  const pinned = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  const isPinned = existsSync(pinned) && spawnSync(pinned, ['--version']).status === 0;
  if (!isPinned && !isAtLeast(process.version, runMinimum)) {
    throw new Error(
      `Tollgate runs on Node ${runMinimum.join('.')} or newer. This is ${process.version}, and npm has no Node 24 for ` +
        `${process.platform}-${process.arch} that runs here. Install Node 24 (nvm install 24), then run the command again.`,
    );
  }
  const node = isPinned ? pinned : process.execPath;
  process.env.PATH = [dirname(node), process.env.PATH].filter(Boolean).join(delimiter);
  return node;
}
