import { Controller, Get, Query } from '@nestjs/common';
import { ApiKeyRoute, type Caller, CurrentCaller } from '@tollgate/access';
import type { metaSchema } from '@tollgate/contracts';
import { noQuerySchema, V2Query } from '@tollgate/service-kit';
import type { z } from 'zod';

/** What a client asks first: whether its key works, of which kind it is, until when (contract B9.4). */
@Controller('api/v2/meta')
@ApiKeyRoute('v2')
export class MetaController {
  @Get()
  meta(@CurrentCaller() caller: Caller, @Query(new V2Query(noQuerySchema)) _query: object): z.infer<typeof metaSchema> {
    const expiresAtMs = caller.expiresAtMs ?? null;
    const expiresAt = expiresAtMs === null ? null : new Date(expiresAtMs).toISOString();
    return { data: { v2Enabled: true, keyType: caller.keyKind, expiresAt } };
  }
}
