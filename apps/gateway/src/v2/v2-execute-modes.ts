import { Injectable } from '@nestjs/common';
import type { Caller } from '@tollgate/access';
import type { FastifyReply } from 'fastify';
import { AT_ONCE, type FixedRun, type RunMode } from '../execute/admitted-run.js';
import type { RunClient } from '../runs/run-client.js';
import { sendWhole, type WholeAnswer } from '../execute/answer-run.js';
import { type RepeatableCall, RepeatableCalls } from '../idempotency/repeatable-calls.js';
import { CancelSwitch, type Leaver } from '../runs/leaver.js';
import type { RunOrder } from '../runs/run-workflow.js';
import { RepeatableStream } from '../streams/repeatable-stream.js';
import { V2AnswerRun } from './v2-answer-run.js';
import { v2RefusalProblem } from './v2-execute-answers.js';
import type { V2ExecuteRequest } from './v2-execute-request.js';

/** A checked execute call of v2. */
export interface V2Call {
  caller: Caller;
  workflowId: string;
  request: V2ExecuteRequest;
  client: RunClient;
  /** The call may be repeated under this key. */
  idempotencyKey: string | undefined;
  body: Buffer | undefined;
}

/** The ways to execute in v2: awaited, queued, streamed, each repeatable (contract B3.2, A1 row 10). */
@Injectable()
export class V2ExecuteModes {
  constructor(
    private readonly answerRun: V2AnswerRun,
    private readonly streams: RepeatableStream,
    private readonly repeatable: RepeatableCalls,
  ) {}

  /** Answers, or rejects with the Problem of a refusal. */
  async execute(call: V2Call, reply: FastifyReply): Promise<void> {
    const repeatable = repeatableOf(call);
    if (call.request.mode === 'stream') {
      const { request, caller } = call;
      const order = orderOf(call, undefined);
      const refusal = await this.streams.stream(order, reply, request.selectedOutputs, repeatable);
      if (refusal) throw v2RefusalProblem(refusal, caller.keyKind);
      return;
    }
    if (!repeatable) return sendWhole(reply, await this.answer(call, undefined, reply.raw));
    // A call that will be repeated is not given up with its connection: the repetition gets its answer.
    sendWhole(reply, await this.repeatable.once(repeatable, (fixed) => this.answer(call, fixed, new CancelSwitch())));
  }

  private answer(call: V2Call, fixed: FixedRun | undefined, leaver: Leaver): Promise<WholeAnswer> {
    const { mode, selectedOutputs } = call.request;
    const { keyKind } = call.caller;
    const order = orderOf(call, fixed);
    if (mode === 'async') return this.answerRun.queued(order, keyKind);
    return this.answerRun.ended(order, keyKind, leaver, selectedOutputs);
  }
}

function orderOf({ caller, workflowId, request, client }: V2Call, fixed: FixedRun | undefined): RunOrder {
  return { caller, workflowId, asked: request.asked, client, mode: { ...modeOf(request), ...(fixed && { fixed }) } };
}

/** v2 debits the bucket of queued runs for queued ones (contract B4). */
function modeOf({ mode, timeoutMs }: V2ExecuteRequest): RunMode {
  if (mode !== 'async') return AT_ONCE;
  return { trigger: 'api', bucket: 'async', stage: 'queue', ...(timeoutMs !== undefined && { timeoutMs }) };
}

function repeatableOf({ caller, workflowId, idempotencyKey, body }: V2Call): RepeatableCall | undefined {
  if (idempotencyKey === undefined) return undefined;
  return { keyId: caller.keyId, workflowId, idempotencyKey, asked: ['v2', body ?? ''] };
}
