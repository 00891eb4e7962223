import type { Deployment } from '@tollgate/access';
import type { EndedRun } from '../runs/ended-run.js';
import { selectOutputs } from './select-outputs.js';

/** What a workflow consists of here: its one runner, which is what frames call a block. */
export function blockIdOf({ runner }: Deployment): 'http' | 'expression' {
  return runner.kind;
}

/** Text of a run that goes on (contract B3.3). */
export function chunkFrame(blockId: string, chunk: string): string {
  return `{"blockId":"${blockId}","chunk":${JSON.stringify(chunk)}}`;
}

/** The last frame: `final` when the run completed, else `error`. */
export function lastFrame(run: EndedRun, blockId: string, selectedOutputs: readonly string[] | undefined): string {
  if (run.status !== 'completed') return errorFrame(run.error?.message ?? 'The workflow could not be run', blockId);
  const { runId, durationMs, startedAt, endedAt } = run;
  const output = selectOutputs(run.outputJson, selectedOutputs);
  return (
    `{"event":"final","data":{"success":true,"executionId":"${runId}","runId":"${runId}","status":"completed"` +
    `,"output":${output},"metadata":{"duration":${durationMs},"startTime":"${startedAt}","endTime":"${endedAt}"}}}`
  );
}

export function errorFrame(error: string, blockId: string): string {
  return `{"event":"error","error":${JSON.stringify(error)},"blockId":"${blockId}"}`;
}
