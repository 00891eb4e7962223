import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { KeyAuthenticator, RefusedCalls } from '@tollgate/access';
import { Problem } from '@tollgate/contracts';
import { Clock, drained, faultOf, Log, sendProblem, toProblem } from '@tollgate/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refuseLongCallChain } from '../execute/execute-request.js';
import { readIdempotencyKey } from '../idempotency/repeatable-calls.js';
import { takeRawJson } from '../runs/raw-json.js';
import { clientOf } from '../runs/run-client.js';
import { V2_EXECUTE_PATH } from './v2-execute-answers.js';
import { V2ExecuteModes } from './v2-execute-modes.js';
import { readV2ExecuteRequest } from './v2-execute-request.js';

interface Executing {
  Params: { workflowId: string };
  Body: Buffer | undefined;
  Querystring: Record<string, unknown>;
}

/**
 * `POST /api/v2/workflows/{id}/execute` (contract B3.2), a plain Fastify route like v1's: the key is judged before the body
 * is read. A run that failed is a 200 all the same, with `status: "failed"`.
 */
@Injectable()
export class V2ExecuteRoute implements OnModuleInit {
  constructor(
    private readonly server: HttpAdapterHost,
    private readonly authenticator: KeyAuthenticator,
    private readonly refusedCalls: RefusedCalls,
    private readonly modes: V2ExecuteModes,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    const fastify = this.server.httpAdapter.getInstance<FastifyInstance>();
    void fastify.register((scope, _options, done) => {
      takeRawJson(scope);
      scope.post<Executing>(V2_EXECUTE_PATH, {
        onRequest: (request) => this.gate(request),
        errorHandler: this.refuse,
        handler: (request, reply) => this.execute(request, reply),
      });
      done();
    });
  }

  private async gate(request: FastifyRequest): Promise<void> {
    refuseLongCallChain(request.headers);
    const caller = await this.authenticator.authenticate(request.headers['x-api-key']);
    if (caller.kind !== 'key') {
      throw await this.refusedCalls.problemOf(caller, 'v2Execute', request, this.clock.nowMs());
    }
    request.keyCaller = caller;
  }

  private execute(request: FastifyRequest<Executing>, reply: FastifyReply): void {
    const { headers, keyCaller, query, body } = request;
    if (!keyCaller) throw new Problem('unauthorized');
    refuseQuery(query);
    const idempotencyKey = readIdempotencyKey(headers);
    const asked = readV2ExecuteRequest(headers, body);
    const client = clientOf(request);
    const { workflowId } = request.params;
    this.modes
      .execute({ caller: keyCaller, workflowId, request: asked, client, idempotencyKey, body }, reply)
      .catch((error: Error) => void reply.send(error));
  }

  private readonly refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const problem = toProblem(error);
    if (problem.status >= 500) {
      const fault = faultOf(problem.options.cause ?? error);
      this.log.error('an execute call failed', { requestId: request.id, status: problem.status, fault });
    }
    if (problem.kind === 'payloadTooLarge') drained(request, () => sendProblem(problem, request, reply));
    else sendProblem(problem, request, reply);
  };
}

/** This route knows no query. */
function refuseQuery(query: Record<string, unknown>): void {
  const keys = Object.keys(query);
  if (keys.length === 0) return;
  const message = `Unrecognized ${keys.length === 1 ? 'key' : 'keys'}: ${keys.map((key) => `"${key}"`).join(', ')}`;
  throw new Problem('badRequest', { text: message, details: [{ code: 'unrecognized_keys', keys, path: [], message }] });
}
