import { Injectable } from '@nestjs/common';
import type { AdmittedRun, RunAsked, RunMode } from '../execute/admitted-run.js';
import { AdmitRun } from '../execute/admit-run.js';
import type { RunClient } from './run-client.js';
import type { RunOutlet } from '../workflow-runner.js';
import { EndedBefore } from './ended-before.js';
import type { EndedRun } from './ended-run.js';
import type { Leaver } from './leaver.js';
import { LiveCall } from './live-call.js';
import { LiveRuns } from './live-runs.js';
import { PerformRun } from './perform-run.js';
import type { RunCaller } from './run-caller.js';
import { type RefusedRun, refused } from './run-refusal.js';

/** A run that somebody asks for, whatever the surface it was asked on. */
export interface RunOrder {
  caller: RunCaller;
  workflowId: string;
  asked: RunAsked;
  client: RunClient;
  /** Default `AT_ONCE`: trigger `api`, bucket `sync`, the plan's synchronous limit. */
  mode?: RunMode;
}

/**
 * "Run this workflow for this caller" for every surface: v1, v2, MCP. `run` is `admit` and then `perform`; a surface that must
 * say something in between, as a stream its head, calls both. Expected refusals are values; it throws only
 * `DirectoryUnavailable`, when the truth about the caller cannot be had (the problems filter makes it a 503).
 */
@Injectable()
export class RunWorkflow {
  constructor(
    private readonly admitRun: AdmitRun,
    private readonly performRun: PerformRun,
    private readonly live: LiveRuns,
    private readonly endedBefore: EndedBefore,
  ) {}

  /** Admitted, and in the bill and the log when it has ended; ended early when `leaver` closes (`reply.raw`). */
  async run(order: RunOrder, leaver: Leaver): Promise<EndedRun | RefusedRun> {
    const run = await this.admit(order);
    return run.admitted ? this.perform(run, order, leaver) : run;
  }

  /** Takes what the run needs. An admitted run must be performed: nothing else frees what it holds. */
  async admit({ caller, workflowId, asked, client, mode }: RunOrder): Promise<AdmittedRun | RefusedRun> {
    // What was admitted before is not asked for its token and its budget again.
    const again = mode?.fixed?.again === true && mode.stage === 'run';
    return this.admitRun.admit(caller, workflowId, asked, client, again ? { ...mode, stage: 'start' } : mode);
  }

  /**
   * Runs to the end, to the time limit or until `leaver` closes, and records it. `outlet` is given text as it is produced.
   * Refused only as `unavailable`, when the run could not be kept: it is not billed then.
   */
  async perform(
    run: AdmittedRun,
    { asked, client, mode }: Pick<RunOrder, 'asked' | 'client' | 'mode'>,
    leaver: Leaver,
    outlet?: RunOutlet,
  ): Promise<EndedRun | RefusedRun> {
    const before = mode?.fixed?.again ? await this.endedBefore.find(run) : undefined;
    if (before) return before;
    const call = new LiveCall(run, asked, leaver, outlet);
    this.live.track(run, call);
    return new Promise((resolve) => {
      this.performRun.perform(run, call, client, (fault, result, recorded) => {
        this.live.forget(run);
        if (fault) return resolve(refused({ kind: 'unavailable', reason: fault.message }));
        const { runId, rate, timeoutMs } = run;
        resolve({ admitted: true, runId, rate, timedOut: call.timedOut, timeoutMs, ...result, ...recorded });
      });
    });
  }
}
