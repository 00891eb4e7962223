import type { Service } from '@tollgate/service-kit';
import { GatewayModule } from './gateway.module.js';
import { gatewayRoutes } from './gateway-routes.js';

export const gateway: Service = {
  name: 'gateway',
  module: GatewayModule,
  routes: gatewayRoutes,
  required: ['DATABASE_URL', 'MASTER_KEYS', 'KEY_PEPPERS', 'KEYS_URL'],
};
export * from './forward/forwarded-paths.js';
