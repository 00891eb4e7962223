import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { digestKey, openSeal, resealText, SealError } from '@tollgate/api-key';
import { ROTATION_BATCH_MAX, type RotationBatch } from '@tollgate/contracts';
import { sqlOfTypeOrm } from '@tollgate/event-log';
import { Clock, Commit, Secrets } from '@tollgate/service-kit';
import { eventsOf, OPERATOR } from '../fact.js';
import { KeysDatabase } from '../keys-database.js';
import { KeyBook, type SealedKey } from './key-book.js';
import { redigest } from './key.js';

/**
 * Brings a batch of keys under the newest master key and pepper (contract A1 row 5). A key is found by the digest it had
 * until the new one is known, and by both from then on. Whether a key needs it is read from the key itself: so a run
 * that was cut off is simply run again, and one that finds nothing to do is the proof that all is done.
 */
export class RotateKeySecrets extends Command<RotationBatch> {
  constructor(readonly after: string) {
    super();
  }
}

@CommandHandler(RotateKeySecrets)
export class RotateKeySecretsHandler implements ICommandHandler<RotateKeySecrets> {
  constructor(
    private readonly database: KeysDatabase,
    private readonly commit: Commit,
    private readonly keys: KeyBook,
    private readonly secrets: Secrets,
    private readonly clock: Clock,
  ) {}

  async execute({ after }: RotateKeySecrets): Promise<RotationBatch> {
    const batch = await this.keys.sealedAfter(after, ROTATION_BATCH_MAX);
    const unreadable: string[] = [];
    const stale: string[] = [];
    for (const key of batch) {
      const renewed = this.renewed(key);
      if (renewed === 'unreadable') unreadable.push(key.keyId);
      else if (renewed.sealedKey !== undefined || renewed.digest !== key.digest) stale.push(key.keyId);
    }
    const rotated = stale.length === 0 ? 0 : await this.rotate(stale);
    return {
      total: await this.keys.countActive(),
      looked: batch.length,
      rotated,
      left: stale.length - rotated,
      unreadable,
      next: batch.length < ROTATION_BATCH_MAX ? null : (batch.at(-1) as SealedKey).keyId,
    };
  }

  private async rotate(ids: readonly string[]): Promise<number> {
    const { value } = await this.commit.run<number>(this.database, async (manager) => {
      const sql = sqlOfTypeOrm(manager);
      const locked = await this.keys.lockSealed(sql, ids);
      const now = this.clock.now();
      const renewed = locked.flatMap((key) => {
        const anew = this.renewed(key);
        return anew === 'unreadable' ? [] : [{ key, ...anew }];
      });
      const facts = renewed.flatMap(({ key, digest }) => redigest(key, digest, OPERATOR));
      await this.keys.record(sql, facts, now);
      const resealed = renewed.flatMap(({ key: { keyId }, sealedKey }) => (sealedKey ? [{ keyId, sealedKey }] : []));
      await this.keys.reseal(sql, resealed);
      return { events: eventsOf(facts, now), value: renewed.length };
    });
    return value;
  }

  /** What the key is under the newest secrets. */
  private renewed({ keyId, sealedKey }: SealedKey): Renewed | 'unreadable' {
    const { masterKeys, pepper } = this.secrets;
    try {
      const digest = digestKey(openSeal(sealedKey, keyId, masterKeys), pepper);
      return { digest, sealedKey: resealText(sealedKey, keyId, masterKeys) };
    } catch (error) {
      if (error instanceof SealError) return 'unreadable';
      throw error;
    }
  }
}

interface Renewed {
  digest: string;
  /** Undefined: it is sealed under the newest master key. */
  sealedKey: string | undefined;
}
