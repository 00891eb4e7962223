import type { RunResult } from './workflow-runner.js';

/** Largest output of a run, in bytes of JSON text (contract B3.1: bodies are at most 10 MiB). */
export const OUTPUT_BYTES_MAX = 10 * 1024 * 1024;

export function completedRun(outputJson: string, runnerMicros = 0): RunResult {
  return { status: 'completed', outputJson, runnerMicros };
}

export function failedRun(message: string, more: Partial<RunResult> & { code?: string } = {}): RunResult {
  const { code = 'EXECUTION_FAILED', outputJson = 'null', runnerMicros = 0 } = more;
  return { status: 'failed', outputJson, error: { code, message }, runnerMicros };
}

/** The client is gone. `runnerMicros` stays 0: what the runner had to say about its cost never arrived. */
export function cancelledRun(): RunResult {
  const error = { code: 'CANCELLED', message: 'Execution was cancelled' };
  return { status: 'cancelled', outputJson: 'null', error, runnerMicros: 0 };
}

/** `5000` → `"5 seconds"`, `1000` → `"1 second"`, `250` → `"0.25 seconds"`: how the reasons of failed runs say a limit. */
export function secondsText(ms: number): string {
  const seconds = Math.round(ms) / 1000;
  return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
}
