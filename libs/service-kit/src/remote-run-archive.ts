import { Injectable } from '@nestjs/common';
import { RunArchive } from '@tollgate/access';
import {
  ARCHIVED_RUN_PATH,
  type ArchivedRun,
  type ArchivedRunQuestion,
  archivedRunAnswerSchema,
  Problem,
} from '@tollgate/contracts';
import { Config } from './config.js';
import { INTERNAL_HEADER, InternalSecret } from './internal-secret.js';

const LOGS_TIMEOUT_MS = 3_000;
const RETRY_SECONDS = 5;

/** The log of runs of a service that runs apart from logs: asks `LOGS_URL`. Without one, nothing that is over can be told. */
@Injectable()
export class RemoteRunArchive extends RunArchive {
  constructor(
    private readonly config: Config,
    private readonly secret: InternalSecret,
  ) {
    super();
  }

  override async find(of: ArchivedRunQuestion): Promise<ArchivedRun | undefined> {
    const { LOGS_URL } = this.config;
    if (LOGS_URL === undefined) return undefined;
    try {
      const response = await fetch(LOGS_URL + ARCHIVED_RUN_PATH, {
        method: 'POST',
        headers: { 'content-type': 'application/json', [INTERNAL_HEADER]: this.secret.shown ?? '' },
        body: JSON.stringify(of),
        signal: AbortSignal.timeout(LOGS_TIMEOUT_MS),
      });
      if (!response.ok) throw new Error(`the logs service answered ${response.status}`);
      return archivedRunAnswerSchema.parse(await response.json()).run ?? undefined;
    } catch (cause) {
      throw new Problem('unavailable', { retryAfterSeconds: RETRY_SECONDS, cause });
    }
  }
}
