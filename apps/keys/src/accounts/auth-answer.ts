import type { FastifyReply } from 'fastify';

/** What better-auth answered. */
export interface AuthAnswer {
  status: number;
  body: unknown;
  /** `Set-Cookie` headers, one each. */
  cookies: string[];
}

/**
 * Writes better-auth's answer. A refusal gets the `{error, code}` of every v1 route (contract A1 row 7) and keeps
 * `message`, which better-auth's own client reads. Its codes stay, as its clients know them.
 */
export function sendAuthAnswer({ status, body, cookies }: AuthAnswer, reply: FastifyReply): void {
  if (cookies.length > 0) reply.header('set-cookie', cookies);
  const text = JSON.stringify(status >= 400 ? refusalOf(body) : body);
  void reply.status(status).header('cache-control', 'no-store').type('application/json; charset=utf-8').send(text);
}

function refusalOf(body: unknown): { error: string; code: string; message: string } {
  const { message, code } = (body ?? {}) as { message?: string; code?: string };
  const error = message ?? 'Request refused';
  return { error, code: code ?? 'BAD_REQUEST', message: error };
}
