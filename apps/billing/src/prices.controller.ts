import { Body, Controller, Put } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { AdminRoute } from '@tollgate/access';
import { type announcedPriceSchema, announcePriceSchema, microsToDecimal } from '@tollgate/contracts';
import { Checked } from '@tollgate/service-kit';
import type { z } from 'zod';
import { AnnouncePrice } from './announce-price.js';

/** Prices are facts with a start date (contract A3, A4). */
@Controller('api/v1/admin/prices')
export class PricesController {
  constructor(private readonly commands: CommandBus) {}

  @Put()
  @AdminRoute()
  async announce(
    @Body(new Checked(announcePriceSchema)) body: z.output<typeof announcePriceSchema>,
  ): Promise<z.output<typeof announcedPriceSchema>> {
    const { id, from, basePerRunMicros } = await this.commands.execute(new AnnouncePrice(body.from, body.basePerRun));
    return { success: true, price: { id, from, basePerRun: microsToDecimal(basePerRunMicros) } };
  }
}
