import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { RunArchive } from '@tollgate/access';
import { RUN_ID_PREFIX, type Trigger } from '@tollgate/contracts';
import type { Job } from '../jobs/job.js';
import { JobBook } from '../jobs/job-book.js';
import { LiveRuns } from './live-runs.js';

/** A run as it stands now. */
export interface RunState {
  runId: string;
  status: 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';
  trigger: Trigger;
  /** When it was begun: null while it waits. */
  startedAt: string | null;
  endedAt: string | null;
  durationMs: number | null;
  costMicros: number | null;
  error: { code: string; message: string } | null;
  /** JSON text of what it put out; `null` while it has put out nothing. */
  outputJson: () => Promise<string>;
}

/** An ended run takes a moment to reach the log: so long it is waited for, where the id can be one of ours. */
const LOOKS_MAX = 4;
const LOOK_AGAIN_MS = 250;

const NOTHING = () => Promise.resolve('null');

/**
 * Where a run stands, for every surface: one that goes on in this process, one of the queue on any gateway (seen from its 202 on,
 * until a day after its end), or one that is over, from the log of runs. A run that its caller waits for is seen by other gateways
 * when it is over. Whether somebody may see it is decided before.
 */
@Injectable()
export class RunStates {
  constructor(
    private readonly live: LiveRuns,
    private readonly jobs: JobBook,
    private readonly archive: RunArchive,
  ) {}

  /** The newest run of this id of the workflow. */
  async find(of: { workspaceId: string; workflowId: string; runId: string }): Promise<RunState | undefined> {
    const { workflowId, runId } = of;
    const live = this.live.find(workflowId, runId);
    if (live) return { ...UNENDED, runId, status: 'running', trigger: live.trigger, startedAt: iso(live.startedAtMs) };
    const job = await this.jobs.findRun(workflowId, runId);
    if (job) return this.ofJob(job);
    for (let looks = 1; ; looks += 1) {
      const found = await this.archived(of);
      if (found || looks >= LOOKS_MAX || !runId.startsWith(RUN_ID_PREFIX)) return found;
      await pause(LOOK_AGAIN_MS);
    }
  }

  private ofJob(job: Job): RunState {
    const { runId, trigger, durationMs, costMicros, error } = job;
    return {
      runId,
      status: job.state,
      trigger,
      startedAt: job.startedAt?.toISOString() ?? null,
      endedAt: job.endedAt?.toISOString() ?? null,
      durationMs,
      costMicros,
      error,
      outputJson: () => this.jobs.outputOf(job),
    };
  }

  private async archived(of: {
    workspaceId: string;
    workflowId: string;
    runId: string;
  }): Promise<RunState | undefined> {
    const run = await this.archive.find(of);
    if (!run || run.workflowId !== of.workflowId) return undefined;
    const { runId, trigger, startedAt, endedAt, durationMs, costMicros, error, output } = run;
    return {
      runId,
      // An attempt that was refused is in the log as an error.
      status: run.status === 'refused' ? 'failed' : run.status,
      trigger,
      startedAt,
      endedAt,
      durationMs,
      costMicros,
      error,
      outputJson: () => Promise.resolve(JSON.stringify(output ?? null)),
    };
  }
}

const UNENDED = { endedAt: null, durationMs: null, costMicros: null, error: null, outputJson: NOTHING };

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
