import { Injectable } from '@nestjs/common';
import type { Problem } from '@tollgate/contracts';
import { faultOf, Log } from '@tollgate/service-kit';
import type { PerformableRun } from '../execute/admitted-run.js';
import type { RunClient } from './run-client.js';
import { timeoutText, unavailable } from '../execute/execute-answers.js';
import { type RecordedRun, RunRecorder } from '../execute/run-recorder.js';
import { failedRun } from '../runner-result.js';
import type { RunResult } from '../workflow-runner.js';
import { WorkflowRunners } from '../workflow-runners.js';
import type { LiveCall } from './live-call.js';

/** Told once: what became of the run, and when; `fault` (503) when it could not be kept: then nothing is billed. */
export type Performed = (fault: Problem | undefined, result: RunResult, recorded: RecordedRun) => void;

/** What only runs of the queue have. */
export interface QueuedPerformance {
  /** How it ends without being run. */
  foregone: RunResult | undefined;
  /** Asked once the runner has ended. False: the run is given up unrecorded, to be begun again; `done` is not told. */
  keep: () => boolean;
}

/**
 * An admitted run from its start to its record in the spool: the one way that every run takes, whoever asked for it. Ended by
 * its runner, by its time limit or when nobody waits for it any more, whichever comes first; recorded in each case.
 */
@Injectable()
export class PerformRun {
  constructor(
    private readonly recorder: RunRecorder,
    private readonly runners: WorkflowRunners,
    private readonly log: Log,
  ) {}

  /** Never throws. */
  perform(run: PerformableRun, call: LiveCall, client: RunClient, done: Performed, queued?: QueuedPerformance): void {
    this.recorder.begin();
    const running = queued?.foregone ? Promise.resolve(queued.foregone) : this.runners.run(call);
    void running
      .catch((error: Error) => {
        const fault = faultOf(error);
        this.log.error('a runner failed for a reason that was not foreseen', { runId: run.runId, fault });
        return failedRun('The workflow could not be run');
      })
      .then((given) => {
        call.settle();
        if (queued && !queued.keep()) return this.recorder.giveUp(run);
        const result = call.timedOut ? timedOut(given, run.timeoutMs) : given;
        this.recorder.record(run, result, call.inputJson, client, (fault, recorded) => done(fault, result, recorded));
      })
      .catch((error: Error) => {
        this.log.error('a run could not be recorded', { runId: run.runId, fault: faultOf(error) });
        done(unavailable(error.message), failedRun('The run could not be recorded'), NEVER);
      });
  }
}

const NEVER: RecordedRun = { startedAt: '', endedAt: '', durationMs: 0 };

function timedOut(given: RunResult, timeoutMs: number): RunResult {
  return { ...given, status: 'failed', error: { code: 'TIMEOUT', message: timeoutText(timeoutMs) } };
}
