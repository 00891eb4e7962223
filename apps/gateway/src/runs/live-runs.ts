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
  /** By workflow and id, then by event key: callers choose ids, and two payers may choose the same for one workflow. */
  private readonly runs = new Map<string, Map<string, LiveRun>>();

  track({ runId, eventKey, trigger, startedAtMs }: PerformableRun, call: LiveCall): void {
    const { workspaceId, workflowId } = call;
    const name = nameOf(workflowId, runId);
    const run = { runId, workspaceId, workflowId, trigger, startedAtMs, cancel: () => call.cancel() };
    const same = this.runs.get(name);
    if (same) same.set(eventKey, run);
    else this.runs.set(name, new Map([[eventKey, run]]));
  }

  forget({ runId, eventKey, party }: PerformableRun): void {
    const name = nameOf(party.workflowId, runId);
    const same = this.runs.get(name);
    if (same?.delete(eventKey) && same.size === 0) this.runs.delete(name);
  }

  /** The newest of this id. */
  find(workflowId: string, runId: string): LiveRun | undefined {
    return [...(this.runs.get(nameOf(workflowId, runId))?.values() ?? [])].at(-1);
  }
}

function nameOf(workflowId: string, runId: string): string {
  return `${workflowId} ${runId}`;
}
