/** When a change has reached every gateway, and the proof of it (contract A1 row 3). */
export interface Receipt {
  /** Position of the change, a string of digits. */
  position: string;
  revokedAt: string;
  confirmedAt: string;
  gateways: { id: string; appliedAt: string }[];
  /** Gateways that could not confirm and whose lease has run out: they refuse on their own. */
  fenced: string[];
}

/** All gateways that may be admitting callers now. */
export abstract class Fleet {
  /** Resolves when every live gateway has applied `position` or is past its lease. The embedded process is one gateway. */
  abstract confirm(position: bigint, committedAt: Date): Promise<Receipt>;
}
