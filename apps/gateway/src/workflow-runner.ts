import type { Deployment } from '@tollgate/access';
import type { Leaver } from './runs/leaver.js';

/** One run of a deployed workflow, as its runner gets it. */
export interface RunCall {
  runId: string;
  workspaceId: string;
  workflowId: string;
  deployment: Deployment;
  /** The run's input, parsed, and the same as JSON text, so that nobody has to write or read it twice. */
  input: Record<string, unknown>;
  inputJson: string;
  /** Headers and signing secret of an `http` deployment; undefined for `expression`. */
  upstreamSecrets?: UpstreamSecrets;
  /** The run must have ended this many milliseconds from now (the plan's limit); the runner's own limit may be less. */
  timeoutMs: number;
  /** Closes when the client is gone or the time is up. Listening starts the watch: a run that waits for nothing need not. */
  ending?: Leaver;
  /** Where text goes as it is produced, when somebody wants it before the run ends. */
  outlet?: RunOutlet | undefined;
}

/** Takes a run's text while the run goes on. The text is part of the output as well. */
export interface RunOutlet {
  /** False: no more, please, until `onDrain` tells. Never called after the run has ended. */
  write(text: string): boolean;
  /** One listener, told each time that a full outlet has room again. */
  onDrain(listener: () => void): void;
}

export interface UpstreamSecrets {
  headers: Record<string, string>;
  signingSecret: string;
}

/** How a run ended. A run that fails in band is a value, not a throw (house rule 10). */
export interface RunResult {
  status: 'completed' | 'failed' | 'cancelled';
  /** Valid JSON text; `null` when there is none. */
  outputJson: string;
  /** Present unless completed. `code` from contract B3.2: TIMEOUT, CANCELLED, INVALID_INPUT, EXECUTION_FAILED, … */
  error?: { code: string; message: string };
  /** What the runner reported that the run cost on top of the base price, in micro-dollars. */
  runnerMicros: number;
}

/** Runs deployed workflows. Bodies: `expression` and `http`. Never rejects: every failure of a run is a result. */
export abstract class WorkflowRunner {
  abstract run(call: RunCall): Promise<RunResult>;
}
