import type { Plans } from '@tollgate/access';

/** The plans of this process (`PLANS_FILE`, `BILLING`), by a name that Nest can inject. */
export abstract class PlansInForce implements Plans {
  abstract readonly billing: Plans['billing'];
  abstract readonly limits: Plans['limits'];
}
