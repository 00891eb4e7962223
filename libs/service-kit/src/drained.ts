import type { FastifyRequest } from 'fastify';

/** Longest that a refused body is read and thrown away. */
const DRAIN_TIMEOUT_MS = 5_000;

/** A client that is still sending would lose the answer with the connection: so what it sends is read to its end first. */
export function drained(request: FastifyRequest, then: () => void): void {
  if (request.raw.readableEnded) return then();
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    then();
  };
  const timer = setTimeout(end, DRAIN_TIMEOUT_MS);
  request.raw.once('end', end).once('close', end).resume();
}
