import { Injectable } from '@nestjs/common';
import { AccessSettings, type BucketState, rateHeaders } from '@tollgate/access';
import type { QueuedAnswer } from '@tollgate/contracts';
import type { FastifyReply } from 'fastify';
import { EnqueueRun } from '../jobs/enqueue-run.js';
import type { Leaver } from '../runs/leaver.js';
import { type RunOrder, RunWorkflow } from '../runs/run-workflow.js';
import { EXECUTE_PATH, refusalProblem, runAnswer, timeoutAnswer } from './execute-answers.js';

/** An answer as a value, so that it can be kept and given again. */
export interface WholeAnswer {
  status: number;
  headers: Record<string, string>;
  contentType: string;
  body: string;
}

/** Answers with it. */
export function sendWhole(reply: FastifyReply, answer: WholeAnswer): void {
  void reply.code(answer.status).headers(answer.headers).type(answer.contentType).send(answer.body);
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** Runs and queues for v1 and answers in its words (contract B3.1, A1 row 8). Rejects with the Problem of a refusal. */
@Injectable()
export class AnswerRun {
  constructor(
    private readonly workflow: RunWorkflow,
    private readonly enqueueRun: EnqueueRun,
    private readonly settings: AccessSettings,
  ) {}

  /** Once the run has ended. */
  async ended(order: RunOrder, leaver: Leaver): Promise<WholeAnswer> {
    const run = await this.workflow.run(order, leaver);
    if (!run.admitted) throw refusalProblem(run.refusal);
    const { outputJson, runId, error, status, timedOut } = run;
    const body = timedOut
      ? timeoutAnswer(run)
      : runAnswer({ ...run, success: status === 'completed', runId, outputJson, error: error?.message });
    return { status: timedOut ? 408 : 200, headers: headersOf(run.rate), contentType: JSON_TYPE, body };
  }

  /** Once the run is in the queue. */
  async queued(order: RunOrder): Promise<WholeAnswer> {
    const run = await this.enqueueRun.enqueue(order);
    if (!run.admitted) throw refusalProblem(run.refusal);
    const statusUrl = `${this.settings.publicUrl}/api/jobs/${run.jobId}`;
    const answer: QueuedAnswer = {
      success: true,
      async: true,
      jobId: run.jobId,
      executionId: run.runId,
      message: 'Workflow execution queued',
      statusUrl,
      taskId: run.jobId,
      status: 'queued',
      createdAt: run.queuedAt.toISOString(),
      links: { status: statusUrl },
    };
    return { status: 202, headers: headersOf(run.rate), contentType: JSON_TYPE, body: JSON.stringify(answer) };
  }
}

function headersOf(rate: BucketState | null): Record<string, string> {
  return rate ? { ...rateHeaders(rate, EXECUTE_PATH) } : {};
}
