import { Injectable } from '@nestjs/common';
import type { Caller } from '@tollgate/access';
import type { FastifyReply } from 'fastify';
import { StreamRun } from '../streams/stream-run.js';
import type { RunOrder } from '../runs/run-workflow.js';
import { AT_ONCE, type RunClient, type RunMode } from './admit-run.js';
import { AnswerRun, type WholeAnswer } from './answer-run.js';
import { refusalProblem } from './execute-answers.js';
import type { ExecuteRequest } from './execute-request.js';

/** An execute call of v1 that is not plainly synchronous. */
export interface ModalCall {
  caller: Caller;
  workflowId: string;
  asked: ExecuteRequest;
  client: RunClient;
}

/** The ways to execute apart from the plain one: queued, streamed, repeatable (contract B3.1, A1 rows 8 and 10). */
@Injectable()
export class ExecuteModes {
  constructor(
    private readonly answerRun: AnswerRun,
    private readonly streamRun: StreamRun,
  ) {}

  /** Answers, or rejects with the Problem of a refusal. */
  async execute(call: ModalCall, reply: FastifyReply): Promise<void> {
    const order: RunOrder = { ...call, mode: modeOf(call.asked) };
    if (call.asked.mode !== 'stream') return send(reply, await this.answerRun.queued(order));
    const streamed = await this.streamRun.stream(order, reply, call.asked.selectedOutputs);
    if (!streamed.admitted) throw refusalProblem(streamed.refusal);
  }
}

function modeOf({ mode, timeoutMs }: ExecuteRequest): RunMode {
  if (mode !== 'async') return AT_ONCE;
  // v1 debits the bucket of synchronous runs for queued ones, too (contract B4).
  return { trigger: 'api', bucket: 'sync', stage: 'queue', ...(timeoutMs !== undefined && { timeoutMs }) };
}

function send(reply: FastifyReply, answer: WholeAnswer): void {
  void reply.code(answer.status).headers(answer.headers).type(answer.contentType).send(answer.body);
}
