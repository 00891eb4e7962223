import type { Type } from '@nestjs/common';
import type { RouteSpec } from '@tollgate/contracts';
import type { Settings } from './config.js';

/** What a service hands to whoever starts it: alone by its own main, or beside the others in one process. */
export interface Service {
  name: 'keys' | 'gateway' | 'billing' | 'logs';
  module: Type;
  routes: readonly RouteSpec[];
  /** Settings without which it cannot start alone. */
  required: readonly (keyof Settings)[];
  /** True when the module provides `Sessions` itself (keys does). */
  providesSessions?: boolean;
  /** True when the module provides `RunArchive` itself (logs does). */
  providesRunArchive?: boolean;
}
