import { Injectable } from '@nestjs/common';
import { rateHeaders } from '@tollgate/access';
import { isV2Path } from '@tollgate/contracts';
import { Config } from '@tollgate/service-kit';
import type { FastifyReply } from 'fastify';
import type { AdmittedRun } from '../execute/admitted-run.js';
import type { Leaver } from '../runs/leaver.js';
import type { RefusedRun } from '../runs/run-refusal.js';
import { type RunOrder, RunWorkflow } from '../runs/run-workflow.js';
import { blockIdOf, chunkFrame, errorFrame, lastFrame } from './run-frames.js';
import { SseStream, tailText } from './sse-stream.js';

const UNKEPT = 'Service temporarily unavailable';

export interface StreamOptions {
  /** Resolves to the tail that is sent; what it rejects with is told instead. */
  beforeTail?: (tail: string, runId: string) => Promise<string>;
  leaver?: Leaver;
}

export interface StreamedRun {
  admitted: true;
  runId: string;
}

/**
 * Runs a workflow and answers with its text while it goes on (contract B3.3, both generations). The run is in bill and log before
 * its last frame leaves. A client that goes away, or does not read for `STREAM_STALL_MS`, ends the run, which is billed as
 * started. A refused run has written nothing: the surface words it.
 */
@Injectable()
export class StreamRun {
  constructor(
    private readonly workflow: RunWorkflow,
    private readonly config: Config,
  ) {}

  /**
   * `beforeTail` is waited for when the run is in bill and log and before its last frame leaves. `leaver` is who ends the run by
   * leaving: the client unless told otherwise.
   */
  async stream(
    order: RunOrder,
    reply: FastifyReply,
    selectedOutputs: readonly string[] | undefined,
    options: StreamOptions = {},
  ): Promise<StreamedRun | RefusedRun> {
    const run = await this.workflow.admit(order);
    if (!run.admitted) return run;
    const sse = new SseStream(reply.raw, this.config.STREAM_STALL_MS);
    reply.hijack();
    sse.open(headersOf(run, reply));
    const leaver = options.leaver ?? reply.raw;
    const { frame, isRecorded } = await this.follow(run, order, leaver, sse, selectedOutputs);
    const ended = tailText(frame);
    const kept = isRecorded ? options.beforeTail?.(ended, run.runId) : undefined;
    const tail = kept?.catch((error: Error) => tailText(errorFrame(error.message, blockIdOf(run.deployment))));
    sse.end((await tail) ?? ended);
    return { admitted: true, runId: run.runId };
  }

  /** Rejects never: once the head is out, a fault is a frame. */
  private async follow(
    run: AdmittedRun,
    order: RunOrder,
    leaver: Leaver,
    sse: SseStream,
    selectedOutputs: readonly string[] | undefined,
  ): Promise<{ frame: string; isRecorded: boolean }> {
    const blockId = blockIdOf(run.deployment);
    let chunks = 0;
    const write = (text: string) => {
      chunks += 1;
      return sse.send(chunkFrame(blockId, text));
    };
    const outlet = { write, onDrain: (listener: () => void) => sse.drained(listener) };
    const ended = await this.workflow.perform(run, order, leaver, outlet);
    if (!ended.admitted) return { frame: errorFrame(UNKEPT, blockId), isRecorded: false };
    if (chunks === 0 && blockId === 'expression' && ended.outputJson.startsWith('"')) {
      write(JSON.parse(ended.outputJson) as string);
    }
    return { frame: lastFrame(ended, blockId, selectedOutputs), isRecorded: true };
  }
}

/** In which header a surface tells the id of a run. */
export function runIdHeader({ request }: FastifyReply): 'x-run-id' | 'x-execution-id' {
  return isV2Path(request.url) ? 'x-run-id' : 'x-execution-id';
}

function headersOf(run: AdmittedRun, reply: FastifyReply): Record<string, string> {
  const { request } = reply;
  return {
    'x-request-id': request.id,
    [runIdHeader(reply)]: run.runId,
    ...(run.rate && rateHeaders(run.rate, request.url)),
  };
}
