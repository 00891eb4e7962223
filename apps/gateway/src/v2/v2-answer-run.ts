import { Injectable } from '@nestjs/common';
import { AccessSettings } from '@tollgate/access';
import type { KeyKind } from '@tollgate/contracts';
import type { WholeAnswer } from '../execute/answer-run.js';
import { EnqueueRun } from '../jobs/enqueue-run.js';
import type { Leaver } from '../runs/leaver.js';
import { type RunOrder, RunWorkflow } from '../runs/run-workflow.js';
import { headersOf, v2RefusalProblem, v2RunAnswer } from './v2-execute-answers.js';

const JSON_TYPE = 'application/json; charset=utf-8';

/** Runs and queues for v2 and answers in its words (contract B3.2). Rejects with the Problem of a refusal. */
@Injectable()
export class V2AnswerRun {
  constructor(
    private readonly workflow: RunWorkflow,
    private readonly enqueueRun: EnqueueRun,
    private readonly settings: AccessSettings,
  ) {}

  /** Once the run has ended; one that failed is a 200 too. */
  async ended(
    order: RunOrder,
    keyKind: KeyKind,
    leaver: Leaver,
    selectedOutputs?: readonly string[],
  ): Promise<WholeAnswer> {
    const run = await this.workflow.run(order, leaver);
    if (!run.admitted) throw v2RefusalProblem(run.refusal, keyKind);
    const headers = { 'x-run-id': run.runId, ...headersOf(run.rate) };
    return { status: 200, headers, contentType: JSON_TYPE, body: v2RunAnswer(run, order.workflowId, selectedOutputs) };
  }

  /** Once the run is in the queue. */
  async queued(order: RunOrder, keyKind: KeyKind): Promise<WholeAnswer> {
    const run = await this.enqueueRun.enqueue(order);
    if (!run.admitted) throw v2RefusalProblem(run.refusal, keyKind);
    const { runId } = run;
    const statusUrl = new URL(`/api/v2/workflows/${order.workflowId}/runs/${runId}`, this.settings.publicUrl).href;
    const body = JSON.stringify({ data: { runId, statusUrl } });
    return { status: 202, headers: { 'x-run-id': runId, ...headersOf(run.rate) }, contentType: JSON_TYPE, body };
  }
}
