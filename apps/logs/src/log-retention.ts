import { Injectable } from '@nestjs/common';
import { Directory } from '@tollgate/access';
import { Clock, PlansInForce } from '@tollgate/service-kit';
import type { RunEntry } from './run-log.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * How far back a workspace's runs are shown: as many days as the plan of its payer keeps (contract B5, "Retention"). Older
 * runs look like runs that are not there. They stay in the run log, since a bill must equal it; another plan shows them
 * again from the next request on.
 */
@Injectable()
export class LogRetention {
  constructor(
    private readonly directory: Directory,
    private readonly plans: PlansInForce,
    private readonly clock: Clock,
  ) {}

  /** The first instant that is shown; undefined: all are. */
  async sinceMs(workspaceId: string): Promise<number | undefined> {
    const workspace = await this.directory.read('workspace', workspaceId);
    const payer = workspace && (await this.directory.read('user', workspace.billedAccountUserId));
    const days = payer ? this.plans.limits[payer.plan].logDays : null;
    return days === null ? undefined : this.clock.nowMs() - days * DAY_MS;
  }

  /** The run, if it is still shown. */
  async shown(run: RunEntry | undefined): Promise<RunEntry | undefined> {
    if (!run) return undefined;
    const sinceMs = await this.sinceMs(run.workspaceId);
    return sinceMs !== undefined && run.startedAt.getTime() < sinceMs ? undefined : run;
  }
}
