import type { FastifyRequest } from 'fastify';

/** What came with the request and goes into the log. */
export interface RunClient {
  requestId: string;
  userAgent: string | undefined;
  clientInfo: string | undefined;
}

/** The client of a run, on every surface. */
export function clientOf({ id, headers }: Pick<FastifyRequest, 'id' | 'headers'>): RunClient {
  const clientInfo = headers['x-sim-client-info'];
  return {
    requestId: id,
    userAgent: headers['user-agent'],
    clientInfo: typeof clientInfo === 'object' ? clientInfo.join(', ') : clientInfo,
  };
}
