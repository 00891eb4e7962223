import type { Deployment } from '@tollgate/access';
import type { RunCall, RunResult } from '../src/workflow-runner.js';

/** A run of an expression. */
export function callOf(expression: string, input: Record<string, unknown> = {}, more: Partial<RunCall> = {}): RunCall {
  const runner = { kind: 'expression' as const, expression };
  const deployment: Deployment = { versionId: 'v', name: 'n', deployedAt: '', runner, inputSchema: null };
  const inputJson = JSON.stringify(input);
  return {
    runId: 'r',
    workspaceId: 'w',
    workflowId: 'f',
    deployment,
    input,
    inputJson,
    timeoutMs: 60_000,
    ...more,
  };
}

/** The output, or the reason of the failure. */
export const ended = (result: RunResult) => result.error?.message ?? JSON.parse(result.outputJson);
