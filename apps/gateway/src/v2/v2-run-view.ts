import { microsToNumber, type V2Run } from '@tollgate/contracts';
import type { RunState } from '../runs/run-states.js';
import { blockOutputsOf } from './block-outputs.js';
import { errorOf } from './v2-execute-answers.js';

/** What of a run is asked for. */
export interface RunAsked {
  includeOutput: boolean;
  selectedOutputs?: readonly string[] | undefined;
}

/** A run as v2 shows it (contract B3.4), as JSON: the output is spliced in as it was put out, since it may be large. */
export async function v2RunText(state: RunState, workflowId: string, asked: RunAsked): Promise<string> {
  const { includeOutput, selectedOutputs } = asked;
  const hasOutput = state.endedAt !== null && (includeOutput || selectedOutputs !== undefined);
  const outputJson = hasOutput ? await state.outputJson() : 'null';
  const blockOutputs = hasOutput ? blockOutputsOf(outputJson, selectedOutputs) : 'null';
  const head = JSON.stringify(headOf(state, workflowId)).slice(0, -1);
  return `{"data":${head},"output":${includeOutput ? outputJson : 'null'},"blockOutputs":${blockOutputs}}}`;
}

function headOf(state: RunState, workflowId: string): Omit<V2Run, 'output' | 'blockOutputs'> {
  const { runId, status, trigger, startedAt, endedAt, durationMs, costMicros } = state;
  return {
    runId,
    workflowId,
    status,
    trigger,
    startedAt,
    endedAt,
    durationMs,
    paused: null,
    cost: costMicros === null ? null : { total: microsToNumber(costMicros) },
    error: errorOf(state.error),
    files: null,
  };
}
