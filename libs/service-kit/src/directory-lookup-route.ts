import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import { type DirectoryKeeper, ENTRY_KINDS } from '@tollgate/access';
import { defineRoutes } from '@tollgate/contracts';
import { z } from 'zod';
import { check } from './checked.js';
import { InternalRoute } from './internal.guard.js';

/** Most entries of one question. */
export const LOOKUPS_MAX = 100;
export const LOOKUP_PATH = '/internal/directory';

export const KEEPER = Symbol('the directory keeper of this process');

const kindSchema = z.enum(ENTRY_KINDS);
const questionSchema = z.object({
  entries: z
    .array(z.tuple([kindSchema, z.string().min(1).max(300)]))
    .min(1)
    .max(LOOKUPS_MAX),
});
export const lookupAnswerSchema = z.object({
  entries: z.array(z.record(z.string(), z.unknown()).nullable()),
});

/** The directory as the keys service knows it from the log, for gateways that cannot reach Redis. */
@Controller('internal')
export class DirectoryLookupController {
  constructor(@Inject(KEEPER) private readonly keeper: DirectoryKeeper) {}

  @Post('directory')
  @HttpCode(200)
  @InternalRoute()
  async find(@Body() body: unknown): Promise<z.infer<typeof lookupAnswerSchema>> {
    const { entries } = check(questionSchema, body);
    const found = await this.keeper.findAll(entries);
    return { entries: found.map((entry) => (entry === undefined ? null : { ...entry })) };
  }
}

export const lookupRoutes = defineRoutes([
  {
    method: 'POST',
    path: LOOKUP_PATH,
    tag: 'Internal',
    summary: 'Entries of the directory, for services that cannot reach Redis',
    auth: 'internal',
    body: questionSchema,
    answers: { 200: lookupAnswerSchema },
    refusals: [400, 404],
  },
]);
