import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import {
  type BucketState,
  type Caller,
  KeyAuthenticator,
  type KeyRefusal,
  keyProblem,
  rateHeaders,
} from '@tollgate/access';
import { Problem } from '@tollgate/contracts';
import { Config, drained, faultOf, Log, sendProblem, toProblem } from '@tollgate/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readIdempotencyKey } from '../idempotency/repeatable-calls.js';
import { LiveCall } from '../runs/live-call.js';
import { LiveRuns } from '../runs/live-runs.js';
import { PerformRun } from '../runs/perform-run.js';
import { takeRawJson } from '../runs/raw-json.js';
import { clientOf, type RunClient } from '../runs/run-client.js';
import type { RefusedRun } from '../runs/run-refusal.js';
import { cutOffWhenStalled } from '../streams/sse-stream.js';
import type { AdmittedRun } from './admitted-run.js';
import { AdmitRun } from './admit-run.js';
import { EXECUTE_PATH, refusalProblem, runAnswer, timeoutAnswer } from './execute-answers.js';
import { ExecuteModes } from './execute-modes.js';
import { type ExecuteRequest, readExecuteRequest, refuseLongCallChain } from './execute-request.js';

declare module 'fastify' {
  interface FastifyRequest {
    keyCaller: Caller | null;
  }
}

interface Executing {
  Params: { id: string };
  Body: Buffer | undefined;
}

/**
 * `POST /api/workflows/{id}/execute` (contract B3.1), as a plain Fastify route with its gate as a hook: the way that
 * every run takes, so nothing on it is done twice and no database is asked. The key is judged before the body is read.
 */
@Injectable()
export class ExecuteRoute implements OnModuleInit {
  constructor(
    private readonly server: HttpAdapterHost,
    private readonly authenticator: KeyAuthenticator,
    private readonly admitRun: AdmitRun,
    private readonly performRun: PerformRun,
    private readonly modes: ExecuteModes,
    private readonly live: LiveRuns,
    private readonly config: Config,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    const fastify = this.server.httpAdapter.getInstance<FastifyInstance>();
    fastify.decorateRequest('keyCaller', null);
    void fastify.register((scope, _options, done) => {
      takeRawJson(scope);
      scope.post<Executing>(EXECUTE_PATH, {
        onRequest: this.gate,
        errorHandler: this.refuse,
        handler: (request, reply) => this.execute(request, reply),
      });
      done();
    });
  }

  private readonly gate = (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void): void => {
    try {
      refuseLongCallChain(request.headers);
      const answer = this.authenticator.authenticate(request.headers['x-api-key']);
      if (answer instanceof Promise) answer.then((settled) => done(callerInto(request, settled)), done);
      else done(callerInto(request, answer));
    } catch (error) {
      done(error as Error);
    }
  };

  private execute(request: FastifyRequest<Executing>, reply: FastifyReply): void {
    const { headers, params, keyCaller } = request;
    if (!keyCaller) throw new Problem('unauthorized');
    const asked = readExecuteRequest(headers, request.body);
    const client = clientOf(request);
    if (asked.mode !== 'sync' || headers['idempotency-key'] !== undefined) {
      const idempotencyKey = readIdempotencyKey(headers);
      const call = { caller: keyCaller, workflowId: params.id, asked, client, idempotencyKey, body: request.body };
      this.modes.execute(call, reply).catch((error: Error) => void reply.send(error));
      return;
    }
    const admitted = this.admitRun.admit(keyCaller, params.id, asked, client);
    if (admitted instanceof Promise) {
      admitted.then(
        (run) => this.run(run, asked, client, reply),
        (error: Error) => reply.send(error),
      );
    } else {
      this.run(admitted, asked, client, reply);
    }
  }

  /** Runs an admitted run to its end, to the plan's limit, or until the client is gone, whichever comes first. Never throws. */
  private run(run: AdmittedRun | RefusedRun, asked: ExecuteRequest, client: RunClient, reply: FastifyReply): void {
    if (!run.admitted) return void reply.send(refusalProblem(run.refusal));
    const call = new LiveCall(run, asked, reply.raw);
    if (run.claimed) this.live.track(run, call);
    this.performRun.perform(run, call, client, (fault, result, recorded) => {
      if (run.claimed) this.live.forget(run);
      if (fault) return void reply.send(fault);
      const { outputJson, status, error } = result;
      const { timeoutMs, runId } = run;
      const success = status === 'completed';
      const body = call.timedOut
        ? timeoutAnswer({ outputJson, timeoutMs, ...recorded })
        : runAnswer({ success, runId, outputJson, error: error?.message, ...recorded });
      if (body.length > LARGE_LENGTH) cutOffWhenStalled(reply.raw, this.config.STREAM_STALL_MS);
      answer(reply, call.timedOut ? 408 : 200, run.rate, body);
    });
  }

  private readonly refuse = (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    let problem = toProblem(error);
    if (problem.kind === 'payloadTooLarge') {
      problem = new Problem('payloadTooLarge', { text: 'Workflow execution request body exceeds maximum size' });
    }
    if (problem.status >= 500) {
      const fault = faultOf(problem.options.cause ?? error);
      this.log.error('an execute call failed', { requestId: request.id, status: problem.status, fault });
    }
    if (problem.kind === 'payloadTooLarge') drained(request, () => sendProblem(problem, request, reply));
    else sendProblem(problem, request, reply);
  };
}

/** Answers that a connection's own buffers may not take: a client that does not fetch one would hold it for ever. */
const LARGE_LENGTH = 64 * 1024;

/**
 * Answers past Fastify's own way: its hooks, serialisers and header map have nothing to do here, and a tenth of a run's
 * cost is theirs.
 */
function answer(reply: FastifyReply, status: number, rate: BucketState | null, body: string): void {
  const headers = [
    'x-request-id',
    reply.request.id,
    'content-type',
    'application/json; charset=utf-8',
    'content-length',
    String(Buffer.byteLength(body)),
  ];
  if (rate) for (const [name, value] of Object.entries(rateHeaders(rate, EXECUTE_PATH))) headers.push(name, value);
  reply.hijack();
  reply.raw.writeHead(status, headers).end(body);
}

function callerInto(request: FastifyRequest, answer: Caller | KeyRefusal): Problem | undefined {
  if (answer.kind !== 'key') return keyProblem(answer, 'execute');
  request.keyCaller = answer;
  return undefined;
}
