import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * One real PostgreSQL for all tests of a run, in a folder and on a port of its own, so that two runs never meet. Each
 * spec makes its own database in it. `TEST_DATABASE_URL` names another server instead. The built service-kit starts it.
 */
export default async function startTestDatabase() {
  if (process.env.TEST_DATABASE_URL || process.env.TOLLGATE_UNIT_TESTS) return;
  const { startEmbeddedDatabase } = await import('../libs/service-kit/dist/index.js');
  const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-test-'));
  // So that what root runs PostgreSQL as reaches it: else the data would go, and stay, elsewhere.
  chmodSync(dataDir, 0o711);
  const log = { info: () => undefined, warn: (message) => console.warn(message) };
  const database = await startEmbeddedDatabase({ dataDir, log });
  process.env.TEST_DATABASE_URL = database.url;
  globalThis.stopTestDatabase = async () => {
    await database.stop();
    rmSync(dataDir, { recursive: true, force: true });
  };
}
