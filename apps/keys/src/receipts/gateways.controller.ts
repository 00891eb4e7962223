import { Controller, Get } from '@nestjs/common';
import { AdminRoute, Fleet, type FleetMember } from '@tollgate/access';
import { Problem } from '@tollgate/contracts';

/** Who may be admitting callers, for the operator: what each has applied, and how long it may go on alone. */
@Controller('api/v1/admin/gateways')
@AdminRoute()
export class GatewaysController {
  constructor(private readonly fleet: Fleet) {}

  @Get()
  async list(): Promise<{ success: true; gateways: FleetMember[] }> {
    const gateways = await this.fleet.members().catch(() => {
      throw new Problem('unavailable', { text: 'The fleet cannot be read just now' });
    });
    return { success: true, gateways };
  }
}
