import { Injectable } from '@nestjs/common';
import { Admission } from '@tollgate/access';
import { newId } from '@tollgate/api-key';
import type { Problem } from '@tollgate/contracts';
import { Clock } from '@tollgate/service-kit';
import { GatewaySpool } from '../spool/gateway-spool.js';
import type { RunResult } from '../workflow-runner.js';
import type { AdmittedRun, RefusedRun, RunClient } from './admit-run.js';
import { unavailable } from './execute-answers.js';
import { partyJsonOf, runEvents } from './run-events.js';

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

  /** Records an admitted run once it has ended, and frees what it held. Throws a 503 when it could not be kept: then nothing is billed. */
  async record(run: AdmittedRun, result: RunResult, inputJson: string, client: RunClient): Promise<RecordedRun> {
    const endedAtMs = Math.max(this.clock.nowMs(), run.startedAtMs);
    const startedAt = new Date(run.startedAtMs).toISOString();
    const endedAt = new Date(endedAtMs).toISOString();
    const durationMs = endedAtMs - run.startedAtMs;
    const { payerUserId } = run.party;
    const costMicros = run.baseMicros + result.runnerMicros;
    const events = runEvents({
      runId: run.runId,
      // A caller may choose the id of a run, another tenant or another day the same: events need one of their own.
      eventKey: run.claimed ? newId() : run.runId,
      partyJson: partyJsonOf(run.party),
      payerRule: run.party.payerRule,
      priceId: run.priceId,
      requestId: client.requestId,
      deploymentVersionId: run.deployment.versionId,
      billable: true,
      status: result.status,
      startedAt,
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
    let kept = false;
    try {
      await this.spool.put({ runId: run.runId, payerUserId, costMicros, events }, run.claimed);
      kept = true;
    } catch (cause) {
      throw unavailable((cause as Error).message);
    } finally {
      this.count -= 1;
      void this.admission.finish(run.runId, payerUserId, kept ? costMicros : 0);
    }
    return { startedAt, endedAt, durationMs };
  }

  /** A refusal that the log shows, at zero cost (contract B3.1 "Side effects"). */
  async recordRefusal(run: RefusedRun, problem: Problem): Promise<void> {
    const { party, client } = run;
    const at = new Date(run.startedAtMs).toISOString();
    const runId = newId();
    const events = runEvents({
      runId,
      eventKey: runId,
      partyJson: partyJsonOf(party),
      payerRule: party.payerRule,
      priceId: run.priceId,
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
    await this.spool
      .put({ runId, payerUserId: party.payerUserId, costMicros: 0, events }, false)
      .catch((cause: Error) => {
        throw unavailable(cause.message);
      });
  }
}
