import { Injectable } from '@nestjs/common';
import { Admission, RunArchive } from '@tollgate/access';
import type { AdmittedRun } from '../execute/admitted-run.js';
import type { EndedRun } from './ended-run.js';

/** Finds a run that is begun again in the log of runs: its first gateway was lost after it had recorded it. */
@Injectable()
export class EndedBefore {
  constructor(
    private readonly archive: RunArchive,
    private readonly admission: Admission,
  ) {}

  /** How it ended; its slot is free then. Undefined: it did not, as far as the log can tell now. */
  async find(run: AdmittedRun): Promise<EndedRun | undefined> {
    const { runId, party, rate, timeoutMs } = run;
    const { workspaceId } = party.workflow;
    const of = { workspaceId, runId, payerUserId: party.payerUserId };
    const found = await this.archive.find(of).catch(() => undefined);
    if (!found || found.workflowId !== party.workflowId || found.status === 'refused') return undefined;
    await this.admission.finish(runId, party.payerUserId, found.costMicros);
    const { status, error, output, costMicros, startedAt, endedAt, durationMs } = found;
    return {
      admitted: true,
      runId,
      rate,
      timedOut: error?.code === 'TIMEOUT',
      timeoutMs,
      status,
      outputJson: JSON.stringify(output ?? null),
      ...(error && { error }),
      runnerMicros: Math.max(0, costMicros - run.baseMicros),
      startedAt,
      endedAt,
      durationMs,
    };
  }
}
