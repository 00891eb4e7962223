import type { BucketState } from '@tollgate/access';
import type { RecordedRun } from '../execute/run-recorder.js';
import type { RunResult } from '../workflow-runner.js';

/** A run that ended and is in the spool: what it is answered with. */
export interface EndedRun extends RecordedRun, RunResult {
  admitted: true;
  runId: string;
  rate: BucketState | null;
  /** The plan's limit ended it, which was this. */
  timedOut: boolean;
  timeoutMs: number;
}
