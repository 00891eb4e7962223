import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface RunningFile {
  pid: number;
  url: string;
  databaseUrl: string;
}

/** Where the platform that runs on `DATA_DIR` says it is. Throws a sentence that tells what to do when none does. */
export function runningPlatform(dataDir = process.env.DATA_DIR || './data'): RunningFile {
  const path = join(dataDir, 'running.json');
  try {
    const running = JSON.parse(readFileSync(path, 'utf8')) as RunningFile;
    process.kill(running.pid, 0);
    return running;
  } catch {
    throw new Error(`No platform runs on ${dataDir}: start it with "npm start", or name another by --url or DATA_DIR.`);
  }
}

/** The base URL given by `--url`, else the running platform's. */
export function baseUrl(argument: string | undefined): string {
  return (argument ?? runningPlatform().url).replace(/\/+$/, '');
}
