// Makes the secrets of a fleet once, for whoever mounts the folder: node docker/make-secrets.mjs /secrets/tollgate.env
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, writeFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
if (!file) throw new Error('usage: node docker/make-secrets.mjs FILE');
if (!existsSync(file)) {
  const names = ['MASTER_KEYS', 'KEY_PEPPERS', 'AUTH_SECRET', 'INTERNAL_SECRET', 'ADMIN_API_KEY'];
  const lines = names.map((name) => `${name}=${randomBytes(32).toString('hex')}\n`);
  // In one step, so that nobody reads half of it.
  writeFileSync(`${file}.new`, lines.join(''), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
