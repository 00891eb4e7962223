import type { Provider } from '@nestjs/common';
import { AccessSettings } from './access-settings.js';
import { AdminKeyGuard } from './admin-key.guard.js';
import { ApiKeyGuard } from './api-key.guard.js';
import { Directory } from './directory.js';
import { KeyAuthenticator } from './key-authenticator.js';
import { RefusedCalls } from './refused-calls.js';
import { SessionGuard } from './session.guard.js';
import { V2Access } from './v2-access.js';

/**
 * What the route words need, for a module that provides `AccessSettings`, `Directory`, `Quota` and `Sessions`: add these
 * to its providers and exports.
 */
export const ACCESS_PROVIDERS: Provider[] = [
  {
    provide: KeyAuthenticator,
    inject: [Directory, AccessSettings],
    useFactory: (directory: Directory, settings: AccessSettings) =>
      new KeyAuthenticator({ directory, peppers: settings.peppers, prefix: settings.keyPrefix }),
  },
  ApiKeyGuard,
  SessionGuard,
  AdminKeyGuard,
  RefusedCalls,
  V2Access,
];
