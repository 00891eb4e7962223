import type { PayerRule } from '@tollgate/contracts';

/** What this library needs of the settings (contract A5); `service-kit` provides it, the abstract class is the Nest token. */
export abstract class AccessSettings {
  /** `PUBLIC_URL`: its origin is ours. */
  abstract readonly publicUrl: string;
  /** `ADMIN_API_KEY`; undefined or empty: the operator routes do not exist. */
  abstract readonly adminApiKey: string | undefined;
  /** `KEY_PEPPERS`, newest first. */
  abstract readonly peppers: readonly string[];
  /** `KEY_PREFIX`. */
  abstract readonly keyPrefix: string;
  abstract readonly payerRule: PayerRule;
  /** `TRUSTED_PROXIES`: CIDRs and addresses whose `X-Forwarded-For` counts. */
  abstract readonly trustedProxies: readonly string[];
}
