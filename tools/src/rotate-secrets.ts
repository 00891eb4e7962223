import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { parseMasterKeys, parsePeppers } from '@tollgate/api-key';
import {
  type RotationBatch,
  rotationBatchAnswerSchema,
  SEALED_RECORDS,
  type SealedRecords,
  SECRETS_ROTATION_PATH,
} from '@tollgate/contracts';
import {
  type Config,
  configOfProcess,
  embeddedSecrets,
  findPlatform,
  INTERNAL_HEADER,
  InternalSecret,
  type NamedPlatform,
  PLATFORM_OPTIONS,
} from '@tollgate/service-kit';

/**
 * `npm run rotate-secrets [-- --data DIR | --stack DIR | --keys URL --gateway URL]`: brings every record under the first of
 * `MASTER_KEYS` and `KEY_PEPPERS`, batch by batch, on a running platform (contract A1 row 5). To be cut off is no harm:
 * run it again. It ends with 0 when nothing is left under older secrets, and only then may these be taken out.
 */
const PASSES_MAX = 10;
const PAUSE_MS = 500;
const TIMEOUT_MS = 60_000;

interface Platform {
  /** Of the keys service, and of one gateway; the same where all run in one process. */
  urls: { keys: string; gateway: string };
  settings: Pick<Config, 'MASTER_KEYS' | 'KEY_PEPPERS' | 'INTERNAL_SECRET'>;
}

function platformOf({ keys, gateway, ...named }: NamedPlatform & { keys?: string; gateway?: string }): Platform {
  const own = configOfProcess();
  const given = keys ?? gateway;
  if (given !== undefined) return { urls: { keys: given, gateway: gateway ?? given }, settings: own };
  const { name, config, url = '' } = findPlatform(named, own, '--keys URL');
  process.stderr.write(`Rotating the secrets of ${name}\n`);
  if (config.KEYS_URL !== undefined) return { urls: { keys: config.KEYS_URL, gateway: url }, settings: config };
  // One process alone may have made its secrets itself.
  const made = embeddedSecrets(resolve(named.data ?? own.DATA_DIR));
  const { MASTER_KEYS = made.MASTER_KEYS, KEY_PEPPERS = made.KEY_PEPPERS, INTERNAL_SECRET } = own;
  return { urls: { keys: url, gateway: url }, settings: { MASTER_KEYS, KEY_PEPPERS, INTERNAL_SECRET } };
}

/** Rotates one kind of record until a whole pass finds nothing to do. Gives the ids that no master key opens. */
async function rotate(records: SealedRecords, ask: (after: string) => Promise<RotationBatch>): Promise<string[]> {
  for (let pass = 1; pass <= PASSES_MAX; pass += 1) {
    const unreadable: string[] = [];
    let [looked, rotated, left] = [0, 0, 0];
    for (let next: string | null = ''; next !== null;) {
      const batch: RotationBatch = await ask(next);
      looked += batch.looked;
      rotated += batch.rotated;
      left += batch.left;
      unreadable.push(...batch.unreadable);
      ({ next } = batch);
      const counts = `${looked} of ${Math.max(looked, batch.total)} looked at, ${rotated} rotated`;
      process.stdout.write(`${records.padEnd(11)} ${counts}, ${left + unreadable.length} left\n`);
    }
    if (rotated + left === 0) return unreadable;
    if (left > 0) await pause(PAUSE_MS);
  }
  throw new Error(`${records}: some are still being changed by others. Run this again.`);
}

async function main(): Promise<void> {
  const options = { keys: { type: 'string' }, gateway: { type: 'string' }, ...PLATFORM_OPTIONS } as const;
  const { urls, settings } = platformOf(parseArgs({ options }).values);
  const [newest] = parseMasterKeys(settings.MASTER_KEYS ?? '');
  const secret = new InternalSecret(settings, parsePeppers(settings.KEY_PEPPERS ?? '')).shown ?? '';
  const ask = (records: SealedRecords) => async (after: string) => {
    const url = (records === 'keys' ? urls.keys : urls.gateway).replace(/\/+$/, '') + SECRETS_ROTATION_PATH;
    const response = await fetch(`${url}/${records}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [INTERNAL_HEADER]: secret },
      body: JSON.stringify({ masterKeyId: newest?.id, after }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status === 404 || response.status === 409) {
      throw new Error(`${url} does not have these secrets first in its lists: start it with the same ones, then this.`);
    }
    if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()} Run this again.`);
    return rotationBatchAnswerSchema.parse(await response.json());
  };
  const unreadable: string[] = [];
  for (const records of SEALED_RECORDS) {
    for (const id of await rotate(records, ask(records))) unreadable.push(`${records} ${id}`);
  }
  if (unreadable.length > 0) {
    throw new Error(
      `${unreadable.length} left that no entry of MASTER_KEYS opens: ${unreadable.join(', ')}. Put the missing master key back, or keep the older peppers until these are gone.`,
    );
  }
  process.stdout.write('0 left under older secrets: take them out of MASTER_KEYS and KEY_PEPPERS, and start again.\n');
}

try {
  await main();
} catch (error) {
  const { message, cause } = error as Error;
  process.stderr.write(`${message}${cause instanceof Error ? `: ${cause.message}` : ''}\n`);
  process.exitCode = 1;
}
