import type { Deployment } from '@tollgate/access';
import type { RunCall, RunOutlet, UpstreamSecrets } from '../workflow-runner.js';
import type { PerformableRun, RunInput } from '../execute/admit-run.js';
import type { Leaver } from './leaver.js';

/** How much later than the plan's limit a runner ends a run itself: what ends it at the limit is the signal, which tells why. */
const RUNNER_GRACE_MS = 500;

/**
 * A run as its runner gets it, with a signal that ends it at the plan's limit or when nobody waits for it any more. Clock
 * and leaver are watched only from when a runner asks for the signal: most runs are over before they wait for anything.
 */
export class LiveCall implements RunCall {
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
  private ending: AbortController | undefined;
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

  get signal(): AbortSignal {
    return (this.ending ?? this.watch()).signal;
  }

  private watch(): AbortController {
    const ending = (this.ending = new AbortController());
    if (this.leaver.destroyed) {
      ending.abort();
      return ending;
    }
    this.leaver.once('close', this.end);
    this.timer = setTimeout(() => {
      this.timedOut = true;
      ending.abort();
    }, this.limitMs);
    return ending;
  }

  /** Somebody asked for its end; too late is no fault. */
  cancel(): void {
    (this.ending ?? this.watch()).abort();
  }

  /** The run has ended: nothing is watched any more. */
  settle(): void {
    if (!this.ending) return;
    clearTimeout(this.timer);
    this.leaver.off('close', this.end);
  }

  private readonly end = (): void => this.ending?.abort();
}
