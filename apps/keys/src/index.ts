import type { Service } from '@tollgate/service-kit';
import { KeysModule } from './keys.module.js';
import { keysRoutes } from './keys-routes.js';

export const keys: Service = {
  name: 'keys',
  module: KeysModule,
  routes: keysRoutes,
  required: ['DATABASE_URL', 'MASTER_KEYS', 'KEY_PEPPERS', 'AUTH_SECRET'],
  providesSessions: true,
};
