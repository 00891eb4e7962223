import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import type { RouteSpec } from '@tollgate/contracts';
import type { Config } from './config.js';
import { openApiOf } from './openapi.js';

/** `/openapi.json` and its page at `/docs` (contract A5), from the same schemas that the routes check with. */
export function serveDocs(app: NestFastifyApplication, routes: readonly RouteSpec[], config: Config): void {
  const document = openApiOf(routes, config.publicUrl);
  SwaggerModule.setup('docs', app, document as unknown as Parameters<typeof SwaggerModule.setup>[2] & object, {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Tollgate API',
  });
}
