import { Injectable } from '@nestjs/common';

/** Time that passes evenly whatever is done to the clock on the wall; compares only within one process. */
@Injectable()
export class MonotonicClock {
  nowMs(): number {
    return performance.now();
  }
}
