import type { Deployment } from '@tollgate/access';
import type { RunCall, RunOutlet, UpstreamSecrets } from '../workflow-runner.js';
import type { PerformableRun, RunInput } from '../execute/admitted-run.js';
import type { Leaver } from './leaver.js';

/** How much later than the plan's limit a runner ends a run itself: what ends it at the limit is its ending, which tells why. */
const RUNNER_GRACE_MS = 500;

/**
 * A run as its runner gets it, with an ending: at the plan's limit, when nobody waits for it any more, or when somebody
 * cancels it. Clock and leaver are watched only from when a runner listens: most runs are over before they wait for anything.
 */
export class LiveCall implements RunCall, Leaver {
  readonly runId: string;
  readonly workspaceId: string;
  readonly workflowId: string;
  readonly deployment: Deployment;
  readonly input: Record<string, unknown>;
  readonly inputJson: string;
  readonly timeoutMs: number;
  readonly outlet: RunOutlet | undefined;
  private readonly limitMs: number;
  upstreamSecrets?: UpstreamSecrets;
  /** Whether the plan's limit ended it. */
  timedOut = false;
  private isEnded = false;
  private listeners: (() => void)[] | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    run: PerformableRun,
    asked: RunInput,
    private readonly leaver: Leaver,
    outlet?: RunOutlet,
  ) {
    this.runId = run.runId;
    this.workspaceId = run.party.workflow.workspaceId;
    this.workflowId = run.party.workflowId;
    this.deployment = run.deployment;
    this.input = asked.input;
    this.inputJson = asked.inputJson;
    this.timeoutMs = run.timeoutMs + RUNNER_GRACE_MS;
    this.limitMs = run.timeoutMs;
    this.outlet = outlet;
  }

  get ending(): Leaver {
    return this;
  }

  get destroyed(): boolean {
    return this.isEnded || this.leaver.destroyed;
  }

  once(_event: 'close', listener: () => void): void {
    if (this.listeners) return void this.listeners.push(listener);
    this.listeners = [listener];
    this.leaver.once('close', this.end);
    this.timer = setTimeout(this.endAtLimit, this.limitMs);
  }

  off(_event: 'close', listener: () => void): void {
    this.listeners = this.listeners?.filter((each) => each !== listener);
  }

  /** Somebody asked for its end; too late is no fault. */
  cancel(): void {
    this.end();
  }

  /** The run has ended: nothing is watched any more. */
  settle(): void {
    if (!this.listeners) return;
    this.listeners = [];
    clearTimeout(this.timer);
    this.leaver.off('close', this.end);
  }

  private readonly endAtLimit = (): void => {
    if (this.isEnded) return;
    this.timedOut = true;
    this.end();
  };

  private readonly end = (): void => {
    if (this.isEnded) return;
    this.isEnded = true;
    for (const listener of this.listeners?.splice(0) ?? []) listener();
  };
}
