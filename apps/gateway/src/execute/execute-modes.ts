import { Injectable } from '@nestjs/common';
import type { Caller } from '@tollgate/access';
import type { FastifyReply } from 'fastify';
import { type RepeatableCall, RepeatableCalls } from '../idempotency/repeatable-calls.js';
import { CancelSwitch, type Leaver } from '../runs/leaver.js';
import { RepeatableStream } from '../streams/repeatable-stream.js';
import type { RunOrder } from '../runs/run-workflow.js';
import { AT_ONCE, type FixedRun, type RunMode } from './admitted-run.js';
import type { RunClient } from '../runs/run-client.js';
import { AnswerRun, sendWhole, type WholeAnswer } from './answer-run.js';
import { refusalProblem } from './execute-answers.js';
import type { ExecuteRequest } from './execute-request.js';

/** An execute call of v1 that is not plainly synchronous. */
export interface ModalCall {
  caller: Caller;
  workflowId: string;
  asked: ExecuteRequest;
  client: RunClient;
  /** The call may be repeated under this key. */
  idempotencyKey: string | undefined;
  body: Buffer | undefined;
}

/** The ways to execute apart from the plain one: queued, streamed, repeatable (contract B3.1, A1 rows 8 and 10). */
@Injectable()
export class ExecuteModes {
  constructor(
    private readonly answerRun: AnswerRun,
    private readonly streams: RepeatableStream,
    private readonly repeatable: RepeatableCalls,
  ) {}

  /** Answers, or rejects with the Problem of a refusal. */
  async execute(call: ModalCall, reply: FastifyReply): Promise<void> {
    const { asked } = call;
    const order: RunOrder = { ...call, mode: modeOf(asked) };
    const repeatable = repeatableOf(call);
    if (asked.mode === 'stream') {
      const refusal = await this.streams.stream(order, reply, asked.selectedOutputs, repeatable);
      if (refusal) throw refusalProblem(refusal);
      return;
    }
    if (!repeatable) return sendWhole(reply, await this.answer(order, reply.raw));
    // A call that will be repeated is not given up with its connection: the repetition gets its answer.
    const work = (fixed: FixedRun) => this.answer({ ...order, mode: { ...modeOf(asked), fixed } }, new CancelSwitch());
    sendWhole(reply, await this.repeatable.once(repeatable, work));
  }

  private answer(order: RunOrder, leaver: Leaver): Promise<WholeAnswer> {
    return order.mode?.stage === 'queue' ? this.answerRun.queued(order) : this.answerRun.ended(order, leaver);
  }
}

function repeatableOf({ caller, workflowId, idempotencyKey, asked, body }: ModalCall): RepeatableCall | undefined {
  if (idempotencyKey === undefined) return undefined;
  const { mode, timeoutMs } = asked;
  const parts = ['v1', mode, String(timeoutMs ?? ''), body ?? ''];
  return { keyId: caller.keyId, workflowId, idempotencyKey, asked: parts };
}

function modeOf({ mode, timeoutMs }: ExecuteRequest): RunMode {
  if (mode !== 'async') return AT_ONCE;
  // v1 debits the bucket of synchronous runs for queued ones, too (contract B4).
  return { trigger: 'api', bucket: 'sync', stage: 'queue', ...(timeoutMs !== undefined && { timeoutMs }) };
}
