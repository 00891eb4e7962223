/** When a change has reached every gateway, and the proof of it (contract A1 row 3). */
export interface Receipt {
  /** Position of the change, a string of digits. */
  position: string;
  /** When the change was committed. */
  revokedAt: string;
  /** When the last gateway had confirmed or was fenced; null while some are pending. */
  confirmedAt: string | null;
  gateways: { id: string; appliedAt: string }[];
  /** Gateways that could not confirm and whose lease has run out: they refuse on their own. */
  fenced: string[];
}

export interface Confirmation {
  receipt: Receipt;
  /** Gateways that have neither confirmed nor run out of their lease; empty when the receipt is complete. */
  pending: string[];
}

/** A process that may be admitting callers, as the fleet knows it. */
export interface FleetMember {
  id: string;
  /** Changes of the directory that its copy has, counted from when the directory was last made. */
  applied: number;
  /** Changes that are in the directory and not in its copy yet. */
  lag: number;
  /** When it had applied the last one; ISO 8601. */
  appliedAt: string;
  /** How long it admits on its copy without a confirmation; null for one that shares the directory itself. */
  leaseMs: number | null;
  /** Another one at each confirmation, by which a silent member is told from a quiet directory; null as above. */
  beat: number | null;
}

/** All processes that may be admitting callers now. */
export abstract class Fleet {
  /**
   * Resolves when every live gateway has applied what the directory holds at the call, or is past its lease; with
   * `pending` gateways after `timeoutMs` (default `CONFIRM_TIMEOUT_MS`). Never rejects for a fleet that cannot be
   * reached. `position` and `committedAt` are of the change, for the receipt.
   */
  abstract confirm(position: bigint, committedAt: Date, timeoutMs?: number): Promise<Confirmation>;

  /** Who is in the fleet now, by id, for whoever looks after it. Rejects while the fleet cannot be read. */
  abstract members(): Promise<FleetMember[]>;
}

/** How long an answer waits for the fleet (contract A1 row 3). */
export const CONFIRM_TIMEOUT_MS = 10_000;
