import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { type RotationBatch, rotationBatchBodySchema } from '@tollgate/contracts';
import { check, InternalRoute, Secrets } from '@tollgate/service-kit';
import { RotateKeySecrets } from './rotate-key-secrets.js';

/** What `npm run rotate-secrets` asks of this service. */
@Controller('internal/secrets')
export class KeySecretsController {
  constructor(
    private readonly commands: CommandBus,
    private readonly secrets: Secrets,
  ) {}

  @Post('keys')
  @HttpCode(200)
  @InternalRoute()
  async keys(@Body() body: unknown): Promise<RotationBatch> {
    const { masterKeyId, after } = check(rotationBatchBodySchema, body);
    this.secrets.expectNewest(masterKeyId);
    return this.commands.execute(new RotateKeySecrets(after));
  }
}
