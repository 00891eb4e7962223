import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { type Caller, KeyAuthenticator, type KeyRefusal, keyProblem, rateHeaders } from '@tollgate/access';
import { Problem } from '@tollgate/contracts';
import { BODY_BYTES_MAX, faultOf, Log, sendProblem, toProblem } from '@tollgate/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { failedRun } from '../runner-result.js';
import type { RunResult } from '../workflow-runner.js';
import { WorkflowRunners } from '../workflow-runners.js';
import { type AdmittedRun, AdmitRun, type RunClient } from './admit-run.js';
import { runAnswer, timeoutAnswer, timeoutText } from './execute-answers.js';
import { type ExecuteRequest, readExecuteRequest, refuseLongCallChain } from './execute-request.js';
import { RunRecorder } from './run-recorder.js';

export const EXECUTE_PATH = '/api/workflows/:id/execute';

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
    private readonly recorder: RunRecorder,
    private readonly runners: WorkflowRunners,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    const fastify = this.server.httpAdapter.getInstance<FastifyInstance>();
    fastify.decorateRequest('keyCaller', null);
    void fastify.register((scope, _options, done) => {
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser(
        'application/json',
        { parseAs: 'buffer', bodyLimit: BODY_BYTES_MAX },
        (_request, body, parsed) => parsed(null, body),
      );
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

  private async execute(request: FastifyRequest<Executing>, reply: FastifyReply): Promise<FastifyReply> {
    const { headers, params, keyCaller } = request;
    if (!keyCaller) throw new Problem('unauthorized');
    const asked = readExecuteRequest(headers, request.body);
    const client: RunClient = {
      requestId: request.id,
      userAgent: headers['user-agent'],
      clientInfo: textOf(headers['x-sim-client-info']),
    };
    const run = await this.admitRun.admit(keyCaller, params.id, asked, client);
    this.recorder.begin();
    const { result, timedOut } = await this.runUntilEnd(run, asked, reply);
    const recorded = await this.recorder.record(run, result, asked.inputJson, client);
    reply.header('content-type', 'application/json; charset=utf-8');
    if (run.rate) reply.headers(rateHeaders(run.rate, EXECUTE_PATH));
    const { outputJson } = result;
    if (timedOut) return reply.status(408).send(timeoutAnswer({ outputJson, timeoutMs: run.timeoutMs, ...recorded }));
    const success = result.status === 'completed';
    return reply.send(runAnswer({ success, runId: run.runId, outputJson, error: result.error?.message, ...recorded }));
  }

  /** Runs it to its end, to the plan's limit, or until the client is gone, whichever comes first. Never throws. */
  private async runUntilEnd(
    run: AdmittedRun,
    asked: ExecuteRequest,
    reply: FastifyReply,
  ): Promise<{ result: RunResult; timedOut: boolean }> {
    const end = new AbortController();
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      end.abort();
    }, run.timeoutMs);
    const gone = () => end.abort();
    reply.raw.once('close', gone);
    try {
      const result = await this.runners.run({
        runId: run.runId,
        workspaceId: run.party.workflow.workspaceId,
        workflowId: run.party.workflowId,
        deployment: run.deployment,
        input: asked.input,
        inputJson: asked.inputJson,
        timeoutMs: run.timeoutMs,
        signal: end.signal,
      });
      return {
        result: timedOut ? { ...result, status: 'failed', error: timedOutAfter(run.timeoutMs) } : result,
        timedOut,
      };
    } catch (error) {
      this.log.error('a runner failed for a reason that was not foreseen', { runId: run.runId, fault: faultOf(error) });
      return { result: failedRun('The workflow could not be run'), timedOut: false };
    } finally {
      clearTimeout(timer);
      reply.raw.off('close', gone);
    }
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

function timedOutAfter(timeoutMs: number): { code: string; message: string } {
  return { code: 'TIMEOUT', message: timeoutText(timeoutMs) };
}

function callerInto(request: FastifyRequest, answer: Caller | KeyRefusal): Problem | undefined {
  if (answer.kind !== 'key') return keyProblem(answer, 'execute');
  request.keyCaller = answer;
  return undefined;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'object' ? header.join(', ') : header;
}

/** Longest that a refused body is read and thrown away. */
const DRAIN_TIMEOUT_MS = 5_000;

/** A client that is still sending would lose the answer with the connection: so what it sends is read to its end first. */
function drained(request: FastifyRequest, then: () => void): void {
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
