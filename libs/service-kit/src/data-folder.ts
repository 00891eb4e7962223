import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ConfigFault } from './config-fault.js';

/**
 * Makes `DATA_DIR` where it is missing: a folder that others may pass through but not list, since root's helper must reach
 * the data inside it. Throws a `ConfigFault` when it is none that this account can write to.
 */
export function makeDataFolder(dataDir: string): void {
  try {
    if (!existsSync(dataDir)) {
      make(dataDir);
      chmodSync(dataDir, process.getuid?.() === 0 ? 0o711 : 0o700);
    }
    if (!statSync(dataDir).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' });
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigFault([`DATA_DIR is "${dataDir}"; it must be a folder that this account can write to (${code})`]);
  }
}

/** Step by step: Node's own `recursive` goes round for ever in a place where nothing can be made, such as /proc. */
function make(folder: string): void {
  if (existsSync(folder)) return;
  make(dirname(resolve(folder)));
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
