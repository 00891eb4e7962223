import { Controller, Get } from '@nestjs/common';
import { PublicRoute } from '@tollgate/access';
import { asyncApiOf, type Json } from './asyncapi.js';
import { Config } from './config.js';

/** `/asyncapi.json` (contract A5): every fact that consumers may read. */
@Controller('asyncapi.json')
export class AsyncApiController {
  private readonly document: Json;

  constructor(config: Config) {
    this.document = asyncApiOf(config.KAFKA_TOPIC_PREFIX);
  }

  @Get()
  @PublicRoute()
  show(): Json {
    return this.document;
  }
}
