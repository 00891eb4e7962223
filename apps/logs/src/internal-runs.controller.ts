import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { RunArchive } from '@tollgate/access';
import { type archivedRunAnswerSchema, archivedRunQuestionSchema } from '@tollgate/contracts';
import { check, InternalRoute } from '@tollgate/service-kit';
import type { z } from 'zod';

/** One run of the log, for services that run apart. */
@Controller('internal')
export class InternalRunsController {
  constructor(private readonly archive: RunArchive) {}

  @Post('runs')
  @HttpCode(200)
  @InternalRoute()
  async find(@Body() body: unknown): Promise<z.infer<typeof archivedRunAnswerSchema>> {
    return { run: (await this.archive.find(check(archivedRunQuestionSchema, body))) ?? null };
  }
}
