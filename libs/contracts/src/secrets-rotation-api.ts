import { z } from 'zod';

/** Between the operator's command and the services: brings records under the newest secrets (contract A1 row 5). */
export const SECRETS_ROTATION_PATH = '/internal/secrets';

/** What is kept under `MASTER_KEYS` or `KEY_PEPPERS`: the first in keys, the others in the gateway. */
export const SEALED_RECORDS = ['keys', 'workflows', 'deployments'] as const;
export type SealedRecords = (typeof SEALED_RECORDS)[number];

/** Records of one batch, which is one transaction. */
export const ROTATION_BATCH_MAX = 200;

export const rotationBatchBodySchema = z.object({
  /** The id of the newest master key. One who has another one first has not been started with the new list yet: 409. */
  masterKeyId: z.string().min(1).max(64),
  /** Records after this id, in the order of ids; empty: from the start. */
  after: z.string().max(128),
});
export type RotationBatchBody = z.infer<typeof rotationBatchBodySchema>;

export const rotationBatchAnswerSchema = z.object({
  /** How many records there are in all. */
  total: z.int().min(0),
  looked: z.int().min(0),
  /** Brought under the newest secrets just now. */
  rotated: z.int().min(0),
  /** Still under older ones, since somebody else was changing them. */
  left: z.int().min(0),
  /** Ids of records that no master key of the list opens. */
  unreadable: z.array(z.string()),
  /** Where the next batch begins; null: this was the last. */
  next: z.string().nullable(),
});
export type RotationBatch = z.infer<typeof rotationBatchAnswerSchema>;
