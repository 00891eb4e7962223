import { Controller, Get, Param, Res } from '@nestjs/common';
import { CurrentUser, SessionRoute, type SignedIn } from '@tollgate/access';
import { Problem } from '@tollgate/contracts';
import type { FastifyReply } from 'fastify';
import { receiptAnswer } from './receipt-answer.js';
import { ReceiptBook } from './receipt-book.js';

/** Digits of the largest position that PostgreSQL has. */
const POSITION = /^\d{1,18}$/;

/** Whether a change has reached every gateway; for the person who made it. */
@Controller('api/keys/receipts')
@SessionRoute()
export class ReceiptsController {
  constructor(private readonly receipts: ReceiptBook) {}

  /** 200 once it is complete, 202 with who is pending before. */
  @Get(':position')
  async show(
    @CurrentUser() { userId }: SignedIn,
    @Param('position') position: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const found = POSITION.test(position) ? await this.receipts.find(BigInt(position), userId) : undefined;
    if (!found) throw new Problem('notFound', { text: 'Receipt not found' });
    return receiptAnswer(reply, found, { success: true });
  }
}
