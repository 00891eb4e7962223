import type { Confirmation, Receipt } from '@tollgate/access';
import type { FastifyReply } from 'fastify';

export type WithReceipt<Body> = Body & { receipt?: Receipt; pending?: string[] };

/** The answer of what takes something away: 202 with who is pending while the receipt is not complete (contract A1 row 3). */
export function receiptAnswer<Body extends object>(
  reply: FastifyReply,
  { receipt, pending }: Confirmation,
  body: Body,
): WithReceipt<Body> {
  if (pending.length === 0) return { ...body, receipt };
  void reply.status(202);
  return { ...body, pending, receipt };
}

/** As `receiptAnswer`, for routes whose complete answer has no receipt. */
export function pendingAnswer<Body extends object>(
  reply: FastifyReply,
  confirmation: Confirmation | undefined,
  body: Body,
): WithReceipt<Body> {
  return confirmation && confirmation.pending.length > 0 ? receiptAnswer(reply, confirmation, body) : body;
}
