import { Fleet } from './fleet.js';
import type { Confirmation, FleetMember } from './fleet.js';

/**
 * The fleet of the one-process form: one gateway, which shares its directory with the service that commits. Whoever asks
 * has applied the change already (`Directory.apply` resolved before), so it is confirmed at once (contract A1 row 3).
 */
export class MemoryFleet extends Fleet {
  constructor(
    private readonly gatewayId = 'embedded',
    private readonly now: () => Date = () => new Date(),
  ) {
    super();
  }

  override confirm(position: bigint, committedAt: Date): Promise<Confirmation> {
    const appliedAt = this.now().toISOString();
    return Promise.resolve({
      receipt: {
        position: position.toString(),
        revokedAt: committedAt.toISOString(),
        confirmedAt: appliedAt,
        gateways: [{ id: this.gatewayId, appliedAt }],
        fenced: [],
      },
      pending: [],
    });
  }

  override members(): Promise<FleetMember[]> {
    const appliedAt = this.now().toISOString();
    return Promise.resolve([{ id: this.gatewayId, applied: 0, lag: 0, appliedAt, leaseMs: null, beat: null }]);
  }
}
