import { Injectable } from '@nestjs/common';
import type { Trigger } from '@tollgate/contracts';
import type { PerformableRun } from '../execute/admit-run.js';
import type { LiveCall } from './live-call.js';

export interface LiveRun {
  runId: string;
  workspaceId: string;
  workflowId: string;
  trigger: Trigger;
  startedAtMs: number;
  cancel(): void;
}

/**
 * Runs that go on in this process and that somebody may know of: whose id the caller chose, or was told before the end. The
 * plain synchronous run is not among them: its id is told with its answer.
 */
@Injectable()
export class LiveRuns {
  private readonly runs = new Map<string, LiveRun>();

  track({ runId, trigger, startedAtMs }: PerformableRun, call: LiveCall): void {
    const { workspaceId, workflowId } = call;
    this.runs.set(runId, { runId, workspaceId, workflowId, trigger, startedAtMs, cancel: () => call.cancel() });
  }

  forget(runId: string): void {
    this.runs.delete(runId);
  }

  find(workflowId: string, runId: string): LiveRun | undefined {
    const run = this.runs.get(runId);
    return run?.workflowId === workflowId ? run : undefined;
  }
}
