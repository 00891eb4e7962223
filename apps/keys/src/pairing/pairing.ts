import { createHash, timingSafeEqual } from 'node:crypto';

/** The rules of a command-line login. Pure. */
export interface Pairing {
  /** base64url(SHA-256(verifier)). */
  challenge: string;
  approvedBy: string;
  workspaceId: string | null;
  /** The key is the workspace's own, not the person's. */
  isBound: boolean;
  expiresAtMs: number;
  /** The key that it was collected as. */
  keyId: string | null;
}

export type Polling =
  /** Nobody has approved it yet: whoever polls may go on. */
  | { outcome: 'pending' }
  | { outcome: 'collectable'; pairing: Pairing }
  | { outcome: 'wrongVerifier' }
  | { outcome: 'collected' }
  | { outcome: 'expired' };

/** Only who has the verifier learns anything of an approval but that there is one. */
export function poll(pairing: Pairing | undefined, verifier: string, nowMs: number): Polling {
  if (!pairing) return { outcome: 'pending' };
  if (!isVerifierOf(pairing.challenge, verifier)) return { outcome: 'wrongVerifier' };
  if (pairing.keyId !== null) return { outcome: 'collected' };
  if (pairing.expiresAtMs <= nowMs) return { outcome: 'expired' };
  return { outcome: 'collectable', pairing };
}

/** In constant time: two digests of the same length. */
function isVerifierOf(challenge: string, verifier: string): boolean {
  const expected = Buffer.from(challenge);
  const shown = Buffer.from(createHash('sha256').update(verifier).digest('base64url'));
  return expected.length === shown.length && timingSafeEqual(expected, shown);
}

/** `CLI (2026-11-27 14:03:09Z)`, in UTC (contract B8). */
export function keyNameAt(now: Date): string {
  return `CLI (${now.toISOString().slice(0, 19).replace('T', ' ')}Z)`;
}
