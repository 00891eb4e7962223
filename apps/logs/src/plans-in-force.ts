import { readFile } from 'node:fs/promises';
import type { Provider } from '@nestjs/common';
import { parsePlans } from '@tollgate/access';
import type { Plans } from '@tollgate/access';
import { Config } from '@tollgate/service-kit';

/** The plans of this process (contract A5 `PLANS_FILE`, `BILLING`), for what the answers say of limits. */
export abstract class PlansInForce implements Plans {
  abstract readonly billing: Plans['billing'];
  abstract readonly limits: Plans['limits'];
}

export const plansInForce: Provider = {
  provide: PlansInForce,
  inject: [Config],
  useFactory: async (config: Config): Promise<Plans> =>
    parsePlans(
      config.PLANS_FILE === undefined ? undefined : await readFile(config.PLANS_FILE, 'utf8'),
      config.BILLING === 'on',
    ),
};
