import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type RotationBatch, rotationBatchBodySchema } from '@tollgate/contracts';
import { check, InternalRoute, Secrets } from '@tollgate/service-kit';
import { ResealWorkflows } from './reseal-workflows.js';

/** What `npm run rotate-secrets` asks of this service. */
@Controller('internal/secrets')
export class WorkflowSecretsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly secrets: Secrets,
  ) {}

  @Post('workflows')
  @HttpCode(200)
  @InternalRoute()
  workflows(@Body() body: unknown): Promise<RotationBatch> {
    return this.reseal('workflows', body);
  }

  @Post('deployments')
  @HttpCode(200)
  @InternalRoute()
  deployments(@Body() body: unknown): Promise<RotationBatch> {
    return this.reseal('deployments', body);
  }

  private async reseal(records: 'workflows' | 'deployments', body: unknown): Promise<RotationBatch> {
    const { masterKeyId, after } = check(rotationBatchBodySchema, body);
    this.secrets.expectNewest(masterKeyId);
    return this.commands.execute(new ResealWorkflows(records, after));
  }
}
