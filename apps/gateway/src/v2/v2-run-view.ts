import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { microsToNumber, type V2Run } from '@tollgate/contracts';
import type { Job } from '../jobs/job.js';
import { JobBook } from '../jobs/job-book.js';
import { type LiveRun, LiveRuns } from '../runs/live-runs.js';
import { FinishedRuns } from './finished-runs.js';
import { errorOf } from './v2-execute-answers.js';

/** A run is in the log within this time of its answer (contract A6). */
const LOGGED_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 200;

/** A run without its output, and the output as JSON text, `null` while there is none. */
export interface ViewedRun {
  run: Omit<V2Run, 'output' | 'blockOutputs'>;
  outputJson: string;
}

/**
 * One run wherever it is: going on in this process, in the queue (from its first poll on, until a day after its end), or in
 * the log.
 */
@Injectable()
export class V2RunView {
  constructor(
    private readonly live: LiveRuns,
    private readonly jobs: JobBook,
    private readonly finished: FinishedRuns,
  ) {}

  async find(
    of: { workspaceId: string; workflowId: string; runId: string },
    withOutput: boolean,
  ): Promise<ViewedRun | undefined> {
    const { workspaceId, workflowId, runId } = of;
    const live = this.live.find(workflowId, runId);
    if (live) return { run: liveRunOf(live), outputJson: 'null' };
    const job = await this.jobs.findRun(workflowId, runId);
    if (job) {
      const hasOutput = withOutput && job.endedAt !== null;
      return { run: jobRunOf(job), outputJson: hasOutput ? await this.jobs.outputOf(job) : 'null' };
    }
    const run = await this.logged(workspaceId, workflowId, runId);
    if (!run) return undefined;
    const error = run.error === null ? null : (JSON.parse(run.error) as { code: string; message: string });
    return {
      run: {
        ...NOTHING_YET,
        runId,
        workflowId,
        status: run.status === 'refused' ? 'failed' : run.status,
        trigger: run.trigger,
        startedAt: run.startedAt.toISOString(),
        endedAt: run.endedAt.toISOString(),
        durationMs: run.durationMs,
        cost: { total: microsToNumber(run.costMicros) },
        error: errorOf(error),
      },
      outputJson: withOutput ? run.output : 'null',
    };
  }

  /** A run that was answered a moment ago may not be in the log yet: it is waited for as long as that may take. */
  private async logged(workspaceId: string, workflowId: string, runId: string) {
    for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
      const run = await this.finished.find(workspaceId, workflowId, runId);
      if (run || waitedMs >= LOGGED_WITHIN_MS || !this.finished.areThere) return run;
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** What a run that has not ended cannot tell, and what runs here never have. */
const NOTHING_YET = {
  endedAt: null,
  durationMs: null,
  paused: null,
  cost: null,
  error: null,
  files: null,
};

function liveRunOf({ runId, workflowId, trigger, startedAtMs }: LiveRun): ViewedRun['run'] {
  return {
    ...NOTHING_YET,
    runId,
    workflowId,
    status: 'running',
    trigger,
    startedAt: new Date(startedAtMs).toISOString(),
  };
}

function jobRunOf(job: Job): ViewedRun['run'] {
  return {
    ...NOTHING_YET,
    runId: job.runId,
    workflowId: job.workflowId,
    status: job.state,
    trigger: job.trigger,
    startedAt: job.startedAt?.toISOString() ?? null,
    endedAt: job.endedAt?.toISOString() ?? null,
    durationMs: job.durationMs,
    cost: job.costMicros === null ? null : { total: microsToNumber(job.costMicros) },
    error: errorOf(job.error),
  };
}
