import { Injectable } from '@nestjs/common';
import type { Trigger } from '@tollgate/contracts';
import type { PerformableRun } from '../execute/admitted-run.js';
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
  /** By workflow and id: callers choose ids, and two of them may choose the same. */
  private readonly runs = new Map<string, LiveRun>();

  track({ runId, trigger, startedAtMs }: PerformableRun, call: LiveCall): void {
    const { workspaceId, workflowId } = call;
    this.runs.set(nameOf(workflowId, runId), {
      runId,
      workspaceId,
      workflowId,
      trigger,
      startedAtMs,
      cancel: () => call.cancel(),
    });
  }

  forget({ runId, party }: PerformableRun): void {
    this.runs.delete(nameOf(party.workflowId, runId));
  }

  find(workflowId: string, runId: string): LiveRun | undefined {
    return this.runs.get(nameOf(workflowId, runId));
  }
}

function nameOf(workflowId: string, runId: string): string {
  return `${workflowId} ${runId}`;
}
