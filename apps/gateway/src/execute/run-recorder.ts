import { Injectable } from '@nestjs/common';
import { Admission } from '@tollgate/access';
import { newId } from '@tollgate/api-key';
import type { Problem } from '@tollgate/contracts';
import { Clock } from '@tollgate/service-kit';
import { GatewaySpool } from '../spool/gateway-spool.js';
import { cancelledRun } from '../runner-result.js';
import type { RunResult } from '../workflow-runner.js';
import type { PerformableRun, RefusedAttempt } from './admitted-run.js';
import type { RunClient } from '../runs/run-client.js';
import { unavailable } from './execute-answers.js';
import { instantText } from './instant-text.js';
import { runEvents } from './run-events.js';

export interface RecordedRun {
  startedAt: string;
  endedAt: string;
  durationMs: number;
}

/** Keeps runs: what happened and what it costs is in the spool before anybody is answered. */
@Injectable()
export class RunRecorder {
  private count = 0;

  constructor(
    private readonly admission: Admission,
    private readonly spool: GatewaySpool,
    private readonly clock: Clock,
  ) {}

  /** Runs that were admitted and are not recorded yet. */
  get underWay(): number {
    return this.count;
  }

  begin(): void {
    this.count += 1;
  }

  /**
   * Records an admitted run once it has ended, and frees what it held. `done` is told when it is kept, or with a 503
   * when it could not be: then nothing is billed.
   */
  record(
    run: PerformableRun,
    result: RunResult,
    inputJson: string,
    client: RunClient,
    done: (fault: Problem | undefined, recorded: RecordedRun) => void,
  ): void {
    const endedAtMs = Math.max(this.clock.nowMs(), run.startedAtMs);
    const startedAt = instantText(run.startedAtMs);
    const endedAt = instantText(endedAtMs);
    const durationMs = endedAtMs - run.startedAtMs;
    const { payerUserId, payerRule } = run.party;
    const costMicros = run.baseMicros + result.runnerMicros;
    const events = runEvents({
      runId: run.runId,
      eventKey: run.eventKey,
      partyJson: run.party.json,
      trigger: run.trigger,
      payerRule,
      priceId: run.priceId,
      requestId: client.requestId,
      deploymentVersionId: run.deployment.versionId,
      billable: true,
      status: result.status,
      startedAt,
      admittedAt: run.admittedAtMs === undefined ? undefined : instantText(run.admittedAtMs),
      endedAt,
      durationMs,
      baseMicros: run.baseMicros,
      runnerMicros: result.runnerMicros,
      inputJson,
      outputJson: result.outputJson,
      error: result.error,
      userAgent: client.userAgent,
      clientInfo: client.clientInfo,
    });
    const spooled = { runId: run.runId, payerUserId, costMicros, events };
    this.spool.put(spooled, run.claimed, (fault) => {
      this.count -= 1;
      void this.admission.finish(run.runId, payerUserId, fault ? 0 : costMicros);
      done(fault && unavailable(fault.message), { startedAt, endedAt, durationMs });
    });
  }

  /** An admitted run that ends unrecorded, since somebody will begin it again: its slot is free, its reservation held. */
  giveUp(run: PerformableRun): void {
    this.count -= 1;
    void this.admission.finish(run.runId, run.party.payerUserId, run.baseMicros);
  }

  /** A refusal that the log shows, at zero cost (contract B3.1 "Side effects"). */
  recordRefusal(run: RefusedAttempt, problem: Problem): Promise<void> {
    const { party } = run;
    const runId = newId();
    return this.recordUnbilled(run, {
      runId,
      eventKey: runId,
      party,
      priceId: 'none',
      deploymentVersionId: party.workflow.deployment?.versionId ?? null,
      status: 'refused',
      error: { code: problem.code, message: problem.message },
    });
  }

  /** A run that was taken out of the queue before it started: in the log at zero cost. */
  recordRemoved(run: PerformableRun, inputJson: string, client: RunClient): Promise<void> {
    const { code, message } = cancelledRun().error!;
    return this.recordUnbilled(
      { startedAtMs: run.startedAtMs, inputJson, client, trigger: run.trigger },
      { ...run, deploymentVersionId: run.deployment.versionId, status: 'cancelled', error: { code, message } },
    );
  }

  private recordUnbilled(attempt: Omit<RefusedAttempt, 'party'>, of: Unbilled): Promise<void> {
    const { client } = attempt;
    const at = instantText(attempt.startedAtMs);
    const events = runEvents({
      runId: of.runId,
      eventKey: of.eventKey,
      partyJson: of.party.json,
      trigger: attempt.trigger,
      payerRule: of.party.payerRule,
      priceId: of.priceId,
      requestId: client.requestId,
      deploymentVersionId: of.deploymentVersionId,
      billable: false,
      status: of.status,
      startedAt: at,
      endedAt: at,
      durationMs: 0,
      baseMicros: 0,
      runnerMicros: 0,
      inputJson: attempt.inputJson,
      outputJson: 'null',
      error: of.error,
      userAgent: client.userAgent,
      clientInfo: client.clientInfo,
    });
    const spooled = { runId: of.runId, payerUserId: of.party.payerUserId, costMicros: 0, events };
    return new Promise<void>((resolve, reject) => {
      this.spool.put(spooled, false, (fault) => (fault ? reject(unavailable(fault.message)) : resolve()));
    });
  }
}

interface Unbilled extends Pick<PerformableRun, 'runId' | 'eventKey' | 'party' | 'priceId'> {
  deploymentVersionId: string | null;
  status: 'refused' | 'cancelled';
  error: { code: string; message: string };
}
