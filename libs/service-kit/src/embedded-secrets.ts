import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { makeDataFolder } from './data-folder.js';
import { secretSettings } from './config-secrets.js';

const fileSchema = z.object({
  MASTER_KEYS: secretSettings.MASTER_KEYS.unwrap(),
  KEY_PEPPERS: secretSettings.KEY_PEPPERS.unwrap(),
  AUTH_SECRET: secretSettings.AUTH_SECRET.unwrap(),
});

export type EmbeddedSecrets = z.infer<typeof fileSchema>;

/**
 * The secrets of the embedded mode: made once in `<dataDir>/secrets.json` (mode 0600), read ever after (contract A1
 * row 5). Throws when the file is there but unreadable: new secrets would orphan every key already sealed.
 */
export function embeddedSecrets(dataDir: string): EmbeddedSecrets {
  const path = join(dataDir, 'secrets.json');
  if (!existsSync(path)) {
    makeDataFolder(dataDir);
    const hex = () => randomBytes(32).toString('hex');
    const made: EmbeddedSecrets = { MASTER_KEYS: hex(), KEY_PEPPERS: hex(), AUTH_SECRET: hex() };
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    try {
      // A link fails when the name exists: of two first starts one wins, and both read what it wrote.
      linkSync(draft, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      unlinkSync(draft);
    }
  }
  const read = fileSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (!read.success)
    throw new Error(`${path} is damaged: ${read.error.issues.map((i) => i.path.join('.')).join(', ')}`);
  return read.data;
}
