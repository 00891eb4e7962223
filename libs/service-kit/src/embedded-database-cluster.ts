import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { handOver, type DatabaseHome } from './embedded-database-home.js';
import { readText } from './process-owner.js';
import { launch, whenEnded } from './embedded-database-program.js';

export const databaseUser = 'tollgate';

const initMs = 60_000;

/** Makes the data directory if there is none; a start that was killed half-way leaves none. */
export async function makeCluster(home: DatabaseHome): Promise<boolean> {
  const version = readText(join(home.data, 'PG_VERSION'))?.trim();
  if (version !== undefined && version !== '18') {
    throw new Error(
      `${home.data} was made by PostgreSQL ${version}; this is 18. Use another DATA_DIR, or dump and load.`,
    );
  }
  if (version !== undefined) return false;
  const parent = dirname(home.data);
  const prefix = `${basename(home.data)}.new-`;
  for (const left of readdirSync(parent).filter((name) => name.startsWith(prefix))) {
    rmSync(join(parent, left), { recursive: true, force: true, maxRetries: 5 });
  }
  const draft = join(parent, `${prefix}${process.pid}`);
  const passwordFile = `${draft}.password`;
  mkdirSync(draft, { mode: 0o700 });
  handOver(draft, home.account);
  writeFileSync(passwordFile, `${home.password}\n`, { mode: 0o600 });
  handOver(passwordFile, home.account);
  try {
    const args = ['--pgdata', draft, '--username', databaseUser, '--pwfile', passwordFile, '--auth', 'scram-sha-256'];
    const text = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    const child = launch(home, 'initdb', [...args, ...text], initMs);
    const reason = await whenEnded(child.process);
    if (child.process.exitCode !== 0) throw new Error(`initdb ended (${reason}): ${child.said()}`);
    renameSync(draft, home.data);
  } finally {
    rmSync(passwordFile, { force: true });
    rmSync(draft, { recursive: true, force: true, maxRetries: 5 });
  }
  return true;
}
