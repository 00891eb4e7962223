import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RunningFile {
  pid: number;
  url: string;
  databaseUrl: string;
}

/**
 * Tells the tools (`seed`, `tail`) where the running platform and its database are: `<dataDir>/running.json`, readable
 * by its owner alone, since the database's address holds its password. Returns how to take it away again.
 */
export function writeRunningFile(dataDir: string, running: RunningFile): () => void {
  const path = join(dataDir, 'running.json');
  rmSync(path, { force: true });
  writeFileSync(path, `${JSON.stringify(running, null, 2)}\n`, { mode: 0o600 });
  return () => rmSync(path, { force: true });
}
