import { Inject, Injectable, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { Clock, Config, Log } from '@tollgate/service-kit';
import type { Agent } from 'undici';
import { COST_HEADER, reportedCost, resultOf } from './http-answer.js';
import { exchange, Stop, type UpstreamAnswer } from './http-exchange.js';
import { HeaderFault, runHeaders, strangerHeaders } from './http-headers.js';
import { cancelledRun, failedRun, secondsText } from './runner-result.js';
import { createUpstreamAgent } from './upstream-agent.js';
import { UpstreamFault } from './upstream-fault.js';
import { type AddressLookup, UpstreamGuard } from './upstream-guard.js';
import { UpstreamTargets } from './upstream-targets.js';
import { type RunCall, type RunResult, WorkflowRunner } from './workflow-runner.js';

/** Token of the name lookup; not provided: the system's. */
export const UPSTREAM_LOOKUP = Symbol('UPSTREAM_LOOKUP');

const REDIRECTS_MAX = 3;
/** The redirects that keep method and body. Others would turn the run into another request, so they are answers. */
const REDIRECTS = new Set([307, 308]);

/**
 * Runs a deployment by a POST of the input to its upstream (contract A1 row 9, A6 `http` runner). The whole run, with
 * redirects, has one time limit: the least of the workflow's, UPSTREAM_TIMEOUT_MS and the call's. A POST is sent once:
 * it is not tried again, since the upstream may have done the work.
 */
@Injectable()
export class HttpRunner extends WorkflowRunner implements OnApplicationShutdown {
  readonly #targets: UpstreamTargets;
  readonly #agent: Agent;

  constructor(
    private readonly config: Config,
    private readonly clock: Clock,
    private readonly log: Log,
    @Optional() @Inject(UPSTREAM_LOOKUP) lookup?: AddressLookup,
  ) {
    super();
    const guard = new UpstreamGuard(config.UPSTREAM_ALLOW, lookup);
    this.#targets = new UpstreamTargets(guard);
    this.#agent = createUpstreamAgent(guard);
  }

  override async run(call: RunCall): Promise<RunResult> {
    const { runner } = call.deployment;
    if (runner.kind !== 'http') return failedRun('This workflow has no upstream');
    if (!call.upstreamSecrets) return failedRun('This workflow has no signing secret');
    const stop = new Stop();
    const limitMs = Math.min(runner.timeoutMs ?? Infinity, this.config.UPSTREAM_TIMEOUT_MS, call.timeoutMs);
    const timer = setTimeout(() => {
      stop.stop(new UpstreamFault(`Upstream timed out after ${secondsText(limitMs)}`, 'TIMEOUT'));
    }, limitMs);
    const cancel = () => stop.stop(new UpstreamFault('Cancelled', 'CANCELLED'));
    if (call.ending?.destroyed) cancel();
    else call.ending?.once('close', cancel);
    try {
      const answer = await this.#ask(runner.url, call, stop);
      this.#warnOfCost(answer, call);
      return resultOf(answer);
    } catch (error) {
      return this.#failed(error, call);
    } finally {
      clearTimeout(timer);
      call.ending?.off('close', cancel);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.#agent.destroy();
  }

  async #ask(first: string, call: RunCall, stop: Stop): Promise<UpstreamAnswer> {
    const { inputJson: body, outlet } = call;
    let target = this.#targets.of(first);
    let headers = runHeaders(call, this.clock.nowMs());
    for (let redirects = 0; ; redirects += 1) {
      const answer = await exchange(this.#agent, { target, headers, body }, stop, outlet);
      const location = answer.headers['location'];
      if (!REDIRECTS.has(answer.status) || typeof location !== 'string' || redirects >= REDIRECTS_MAX) return answer;
      const next = this.#targets.redirected(location, target);
      if (next.origin !== target.origin) headers = strangerHeaders();
      target = next;
    }
  }

  #failed(error: unknown, call: RunCall): RunResult {
    if (error instanceof UpstreamFault) {
      return error.code === 'CANCELLED' ? cancelledRun() : failedRun(error.message, { code: error.code });
    }
    if (error instanceof HeaderFault) return failedRun(error.message);
    this.log.error('An http run failed for a reason that was not foreseen', { runId: call.runId, error });
    return failedRun('Upstream request failed');
  }

  #warnOfCost(answer: UpstreamAnswer, call: RunCall): void {
    if (answer.headers[COST_HEADER] === undefined || reportedCost(answer) !== undefined) return;
    const { runId, workflowId } = call;
    this.log.warn('An upstream reported a cost that cannot be billed', { runId, workflowId });
  }
}
