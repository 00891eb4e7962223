import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { RouteSpec } from '@tollgate/contracts';
import { ApiDocument } from './api-document.js';
import type { Config } from './config.js';
import { openApiOf } from './openapi.js';

/** `/openapi.json` and its page at `/docs` (contract A5), from the same schemas that the routes check with. */
export function serveDocs(app: NestFastifyApplication, routes: readonly RouteSpec[], config: Config): void {
  const own = openApiOf(routes, config.publicUrl);
  const document = app.get(ApiDocument);
  SwaggerModule.setup('docs', app, own as unknown as OpenAPIObject, {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Tollgate API',
    patchDocumentOnRequest: () => document.whole(own) as Promise<unknown> as Promise<OpenAPIObject>,
  });
}
