import { Injectable } from '@nestjs/common';
import { ExpressionRunner } from './expression-runner.js';
import { HttpRunner } from './http-runner.js';
import { failedRun } from './runner-result.js';
import type { RunCall, RunResult } from './workflow-runner.js';
import { DeploymentSecrets } from './workflows/deployment-secrets.js';

/** Hands a run to the runner that its deployment names, with the secrets that one needs. */
@Injectable()
export class WorkflowRunners {
  constructor(
    private readonly expressions: ExpressionRunner,
    private readonly upstreams: HttpRunner,
    private readonly secrets: DeploymentSecrets,
  ) {}

  run(call: RunCall): Promise<RunResult> {
    const { versionId, runner } = call.deployment;
    if (runner.kind === 'expression') return this.expressions.run(call);
    const upstreamSecrets = this.secrets.get(versionId);
    if (!upstreamSecrets) return this.runWithoutSecrets(call);
    call.upstreamSecrets = upstreamSecrets;
    return this.upstreams.run(call);
  }

  /** Their deployment is new to this process, or was forgotten: they are read once. */
  private async runWithoutSecrets(call: RunCall): Promise<RunResult> {
    const upstreamSecrets = await this.secrets.load(call.deployment.versionId);
    if (!upstreamSecrets) return failedRun('The deployment of this workflow is gone');
    call.upstreamSecrets = upstreamSecrets;
    return this.upstreams.run(call);
  }
}
