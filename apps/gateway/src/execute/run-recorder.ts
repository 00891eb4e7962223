import { Injectable } from '@nestjs/common';
import { Admission } from '@tollgate/access';
import { newId } from '@tollgate/api-key';
import type { Problem } from '@tollgate/contracts';
import { Clock } from '@tollgate/service-kit';
import { GatewaySpool } from '../spool/gateway-spool.js';
import type { RunResult } from '../workflow-runner.js';
import type { AdmittedRun, RefusedAttempt, RunClient } from './admit-run.js';
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
    run: AdmittedRun,
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
  giveUp(run: AdmittedRun): void {
    this.count -= 1;
    void this.admission.finish(run.runId, run.party.payerUserId, run.baseMicros);
  }

  /** A refusal that the log shows, at zero cost (contract B3.1 "Side effects"). */
  async recordRefusal(run: RefusedAttempt, problem: Problem): Promise<void> {
    const { party, client } = run;
    const at = instantText(run.startedAtMs);
    const runId = newId();
    const events = runEvents({
      runId,
      eventKey: runId,
      partyJson: party.json,
      trigger: run.trigger,
      payerRule: party.payerRule,
      priceId: 'none',
      requestId: client.requestId,
      deploymentVersionId: party.workflow.deployment?.versionId ?? null,
      billable: false,
      status: 'refused',
      startedAt: at,
      endedAt: at,
      durationMs: 0,
      baseMicros: 0,
      runnerMicros: 0,
      inputJson: run.inputJson,
      outputJson: 'null',
      error: { code: problem.code, message: problem.message },
      userAgent: client.userAgent,
      clientInfo: client.clientInfo,
    });
    const spooled = { runId, payerUserId: party.payerUserId, costMicros: 0, events };
    await new Promise<void>((resolve, reject) => {
      this.spool.put(spooled, false, (fault) => (fault ? reject(unavailable(fault.message)) : resolve()));
    });
  }
}
