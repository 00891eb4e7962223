import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { AT_ONCE } from '../execute/admitted-run.js';
import { sendWhole } from '../execute/answer-run.js';
import { ClaimLost, type RepeatableCall, RepeatableCalls } from '../idempotency/repeatable-calls.js';
import { CancelSwitch } from '../runs/leaver.js';
import type { RunRefusal } from '../runs/run-refusal.js';
import type { RunOrder } from '../runs/run-workflow.js';
import { STREAM_HEADERS } from './sse-stream.js';
import { runIdHeader, StreamRun } from './stream-run.js';

/**
 * Streams a run that its caller may repeat (contract A1 row 10, B3.3), for v1 and v2: a repetition gets the last frame alone. Such
 * a run is not given up with its connection.
 */
@Injectable()
export class RepeatableStream {
  constructor(
    private readonly streamRun: StreamRun,
    private readonly repeatable: RepeatableCalls,
  ) {}

  /** What it was refused for, with nothing written; else it has answered. Without `call` nobody may repeat it. */
  async stream(
    order: RunOrder,
    reply: FastifyReply,
    selectedOutputs: readonly string[] | undefined,
    call: RepeatableCall | undefined,
  ): Promise<RunRefusal | undefined> {
    if (!call) {
      const streamed = await this.streamRun.stream(order, reply, selectedOutputs);
      return streamed.admitted ? undefined : streamed.refusal;
    }
    const claimed = await this.repeatable.claim(call);
    if ('body' in claimed) {
      sendWhole(reply, claimed);
      return undefined;
    }
    let isKept = false;
    const beforeTail = async (body: string, runId: string) => {
      isKept = true;
      const headers = { ...STREAM_HEADERS, [runIdHeader(reply)]: runId };
      const kept = await claimed.keep({ status: 200, headers, contentType: 'text/event-stream', body });
      return kept.body;
    };
    try {
      const fixed = { ...order, mode: { ...(order.mode ?? AT_ONCE), fixed: claimed.fixed } };
      const options = { beforeTail, leaver: new CancelSwitch() };
      const streamed = await this.streamRun.stream(fixed, reply, selectedOutputs, options);
      return streamed.admitted ? undefined : streamed.refusal;
    } catch (error) {
      if (!(error instanceof ClaimLost)) throw error;
      isKept = true;
      sendWhole(reply, await claimed.lost());
      return undefined;
    } finally {
      if (!isKept) await claimed.free();
    }
  }
}
