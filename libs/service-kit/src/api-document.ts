import { Injectable } from '@nestjs/common';
import type { OpenApi } from './openapi.js';

/** What `/openapi.json` and `/docs` tell: the routes of this process, and what it passes on to others. */
@Injectable()
export class ApiDocument {
  private complete: (own: OpenApi) => Promise<OpenApi> = (own) => Promise.resolve(own);

  /** `complete` adds what is served elsewhere, at each reading; it does not reject. */
  completeBy(complete: (own: OpenApi) => Promise<OpenApi>): void {
    this.complete = complete;
  }

  whole(own: OpenApi): Promise<OpenApi> {
    return this.complete(own);
  }
}
