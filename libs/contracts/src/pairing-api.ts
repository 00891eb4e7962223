import { z } from 'zod';

/** How long an approval waits to be collected, in minutes; the CLI polls as long (contract B8). */
export const PAIRING_MINUTES = 15;
/** Most approvals of one person that wait to be collected. */
export const PAIRINGS_WAITING_MAX = 20;

/** 32 random bytes, or a SHA-256, as the CLI writes them. */
const token = (label: string) =>
  z
    .string({ error: `${label} is required` })
    .regex(/^[A-Za-z0-9_-]{43}$/, `${label} must be 43 characters of base64url`);

/** `POST /api/cli/auth/poll` (contract B8); `verifier` is the secret that only the CLI knows. */
export const pollPairingBodySchema = z.object({ request: token('request'), verifier: token('verifier') });

/** `POST /api/cli/auth/approve`; `challenge` is base64url(SHA-256(verifier)), from the link that the CLI shows. */
export const approvePairingBodySchema = z
  .strictObject({
    request: token('request'),
    challenge: token('challenge'),
    scope: z.literal('platform', { error: 'scope must be "platform"' }),
    workspaceId: z
      .string()
      .regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be an id')
      .nullish()
      .describe('Where the CLI works unless told otherwise'),
    bindKeyToWorkspace: z.boolean().optional().describe('A workspace key in place of a personal one; admins alone'),
  })
  .refine((body) => !body.bindKeyToWorkspace || (body.workspaceId ?? null) !== null, {
    path: ['workspaceId'],
    message: 'workspaceId is required to bind the key to it',
  });
export type ApprovePairingBody = z.infer<typeof approvePairingBodySchema>;

export const approvedPairingSchema = z.object({ ok: z.literal(true) });

export const polledPairingSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('pending') }),
  z.object({
    status: z.literal('complete'),
    key: z.object({ id: z.string(), apiKey: z.string().describe('The key itself: shown here and never again') }),
    scope: z.literal('platform'),
    workspaceId: z.string().nullable(),
    workspaceBound: z.boolean(),
  }),
]);
export type PolledPairing = z.infer<typeof polledPairingSchema>;
