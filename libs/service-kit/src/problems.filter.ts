import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { DirectoryUnavailable } from '@tollgate/access';
import { isV2Path, PROBLEMS, Problem, problemBody, type ProblemKind } from '@tollgate/contracts';
import { isConnectionLoss } from '@tollgate/event-log';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { drained } from './drained.js';
import type { Log } from './log.js';

/** Seconds a client is asked to wait when a part of the platform cannot be reached (contract B2, v2 row). */
export const UNAVAILABLE_RETRY_SECONDS = 5;

/** Framework errors by their code: what a stranger's bytes can cause, each with the contract's answer. */
const FASTIFY_FAULTS: Record<string, ProblemKind> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payloadTooLarge',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupportedMediaType',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'badRequest',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'invalidJson',
  FST_ERR_BAD_URL: 'badRequest',
  FST_ERR_MAX_PARAM_LENGTH: 'notFound',
};

/** Turns whatever was thrown into the Problem that the caller may see. */
export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof DirectoryUnavailable) {
    return new Problem('unavailable', { retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS, cause: error });
  }
  const { code, statusCode } = (error ?? {}) as { code?: string; statusCode?: number };
  const kind = FASTIFY_FAULTS[code ?? ''];
  if (kind) return new Problem(kind, { cause: error });
  const status = error instanceof HttpException ? error.getStatus() : statusCode;
  const byStatus = (Object.keys(PROBLEMS) as ProblemKind[]).find((name) => PROBLEMS[name].status === status);
  if (byStatus && status !== 500) return new Problem(byStatus, { cause: error });
  if (isDatabaseAway(error)) {
    return new Problem('unavailable', { retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS, cause: error });
  }
  return new Problem('internal', { cause: error });
}

/**
 * What PostgreSQL refuses for reasons of its own, so that the same request may succeed later: no room (53), a database that
 * takes nobody (55000), a statement that took too long or was ended (57), transactions in each other's way (40).
 */
const PASSING_CODES = /^(53...|55000|57...|40001|40P01)$/;

function isDatabaseAway(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return isConnectionLoss(error) || (typeof code === 'string' && PASSING_CODES.test(code));
}

/** Writes a Problem in the shape of the path's generation (contract A1 row 7). */
export function sendProblem(problem: Problem, request: FastifyRequest, reply: FastifyReply): void {
  const v2 = isV2Path(request.url) || isV2Path(request.routeOptions?.url ?? '');
  const { retryAfterSeconds, headers } = problem.options;
  // What is refused before any hook ran has none yet.
  if (!reply.hasHeader('x-request-id')) reply.header('x-request-id', request.id);
  if (retryAfterSeconds !== undefined) reply.header('retry-after', String(retryAfterSeconds));
  if (v2) reply.header('cache-control', 'private, no-store');
  if (v2 && problem.status === 401) {
    reply.header('www-authenticate', 'SimApiKey realm="Sim API", header="x-api-key"');
  }
  for (const [name, value] of Object.entries(headers ?? {})) reply.header(name, value);
  reply
    .status(problem.status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(problemBody(problem, v2)));
}

/** The one filter: every refusal and every fault leaves the process through here. */
@Catch()
export class ProblemsFilter implements ExceptionFilter {
  constructor(private readonly log: Log) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    const problem = toProblem(error);
    if (problem.status >= 500) {
      this.log.error(`${request.method} ${request.routeOptions?.url ?? 'unknown route'} failed`, {
        requestId: request.id,
        status: problem.status,
        fault: faultOf(problem.options.cause ?? error),
      });
    }
    if (reply.sent) return;
    if (problem.kind === 'payloadTooLarge') drained(request, () => sendProblem(problem, request, reply));
    else sendProblem(problem, request, reply);
  }
}

/** A fault for the log: message and stack, but never a query's parameters or a request's body. */
export function faultOf(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error).slice(0, 500) };
  return {
    name: error.name,
    message: error.message.slice(0, 500),
    code: (error as { code?: string }).code,
    stack: error.stack?.slice(0, 4000),
  };
}
