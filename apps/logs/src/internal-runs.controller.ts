import { Body, Controller, HttpCode, Post, Req, SetMetadata } from '@nestjs/common';
import { ROUTE_AUTH, RunArchive } from '@tollgate/access';
import { type archivedRunAnswerSchema, archivedRunQuestionSchema, Problem } from '@tollgate/contracts';
import { check, INTERNAL_HEADER, InternalSecret } from '@tollgate/service-kit';
import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';

/** One run of the log, for services that run apart. Behind the secret that the services share; without it the route is not there. */
@Controller('internal')
export class InternalRunsController {
  constructor(
    private readonly archive: RunArchive,
    private readonly secret: InternalSecret,
  ) {}

  @Post('runs')
  @HttpCode(200)
  @SetMetadata(ROUTE_AUTH, 'internal')
  async find(@Req() request: FastifyRequest, @Body() body: unknown): Promise<z.infer<typeof archivedRunAnswerSchema>> {
    if (!this.secret.isRight(request.headers[INTERNAL_HEADER])) throw new Problem('notFound');
    return { run: (await this.archive.find(check(archivedRunQuestionSchema, body))) ?? null };
  }
}
