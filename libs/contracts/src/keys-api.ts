import { z } from 'zod';
import { nameSchema } from './names.js';
import { nextCursorSchema, pageQuerySchema } from './page-query.js';

/** Most keys that one person, or one workspace, may hold at a time. */
export const KEYS_PER_OWNER_MAX = 1_000;
/** Most keys that one request may revoke. */
export const REVOKE_KEYS_MAX = 1_000;
/** How far in the future a key may expire, in years (contract A1 row 11). */
export const KEY_LIFETIME_YEARS_MAX = 10;

/** Limits that this version cannot enforce are refused, never taken and ignored: a key would be wider than it looks. */
const FIELDS_OF_LATER = ['ipAllowList', 'monthlySpendCapUsd'] as const;

const refuseFieldsOfLater = (body: Record<string, unknown>, context: z.RefinementCtx) => {
  for (const field of FIELDS_OF_LATER) {
    if ((body[field] ?? null) === null) continue;
    context.addIssue({ code: 'custom', path: [field], message: `${field} is not supported by this version` });
  }
};

const expiresAtSchema = z.iso
  .datetime({ offset: true, error: 'expiresAt must be an ISO 8601 instant' })
  .transform((text) => new Date(text).toISOString())
  .nullish()
  .describe('ISO 8601 instant in the future, at most 10 years from now; absent or null: the key does not expire');

/** `POST /api/users/me/api-keys` (contract B1.1, A1 rows 11 and 12). */
export const createPersonalKeyBodySchema = z
  .looseObject({ name: nameSchema, expiresAt: expiresAtSchema })
  .superRefine(refuseFieldsOfLater);

/** `POST /api/workspaces/{id}/api-keys`. */
export const createWorkspaceKeyBodySchema = z
  .looseObject({
    name: nameSchema,
    expiresAt: expiresAtSchema,
    source: z.enum(['settings', 'deploy_modal']).optional(),
  })
  .superRefine(refuseFieldsOfLater);

/** `PUT /api/workspaces/{id}/api-keys/{keyId}`. */
export const renameKeyBodySchema = z.object({ name: nameSchema });

/** `DELETE /api/workspaces/{id}/api-keys`: ids of other workspaces, and texts that are no ids, are ignored. */
export const revokeKeysBodySchema = z.object({
  keys: z
    .array(z.string().max(200), { error: 'keys must be a list of key ids' })
    .min(1, 'At least one key id is required')
    .max(REVOKE_KEYS_MAX, `At most ${REVOKE_KEYS_MAX} keys can be deleted at once`),
});

const instant = z.iso.datetime();

/** A key in a list: never its text. */
export const personalKeySchema = z.object({
  id: z.string(),
  name: z.string(),
  createdAt: instant,
  lastUsed: instant.nullable(),
  expiresAt: instant.nullable(),
  displayKey: z.string(),
});
export type PersonalKeyView = z.infer<typeof personalKeySchema>;

export const workspaceKeySchema = personalKeySchema.extend({ createdBy: z.string() });
export type WorkspaceKeyView = z.infer<typeof workspaceKeySchema>;

export const keysQuerySchema = pageQuerySchema(KEYS_PER_OWNER_MAX);
export const personalKeysAnswerSchema = z.object({ keys: z.array(personalKeySchema), nextCursor: nextCursorSchema });
export const workspaceKeysAnswerSchema = z.object({ keys: z.array(workspaceKeySchema), nextCursor: nextCursorSchema });

/** The one answer that carries the key itself. */
export const createdKeyAnswerSchema = z.object({
  key: z.object({
    id: z.string(),
    name: z.string(),
    key: z.string(),
    createdAt: instant,
    expiresAt: instant.optional().describe('present when one was asked for'),
  }),
});

export const renamedKeyAnswerSchema = z.object({
  key: z.object({ id: z.string(), name: z.string(), createdAt: instant, updatedAt: instant }),
});

/** The proof that no gateway admits what was taken away (contract A1 row 3). */
export const receiptSchema = z.object({
  position: z.string().regex(/^\d+$/),
  revokedAt: instant,
  confirmedAt: instant,
  gateways: z.array(z.object({ id: z.string(), appliedAt: instant })),
  fenced: z.array(z.string()),
});

/** What a 202 has besides: who has neither confirmed nor run out of his lease yet (contract A1 row 3). */
const pendingFields = {
  pending: z.array(z.string()).min(1),
  receipt: receiptSchema.extend({ confirmedAt: instant.nullable() }),
};

/** The 202 of a route: its own answer, and a receipt that is not complete. */
export function pendingAnswerSchema<Shape extends z.ZodRawShape>(answer: z.ZodObject<Shape>) {
  return answer.extend(pendingFields);
}

export const revokedKeyAnswerSchema = z.object({ success: z.literal(true), receipt: receiptSchema });

export const revokedKeysAnswerSchema = z.object({
  success: z.literal(true),
  deletedCount: z.int().min(0),
  receipt: receiptSchema.optional().describe('absent when nothing was deleted'),
});
