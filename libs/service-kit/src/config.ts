import { z } from 'zod';
import { payerRuleSchema } from '@tollgate/contracts';
import { ConfigFault } from './config-fault.js';
import { kafkaFaults, kafkaSettings, listOf, type KafkaSettings } from './config-kafka.js';
import { httpUrl, oneOf, secret, shaped, wholeNumber } from './config-rules.js';
import { secretSettings } from './config-secrets.js';
import { signOnFaults, signOnSettings } from './config-sign-on.js';

const redisUrl = z.url({ protocol: /^rediss?$/ });
const list = z.string().transform(listOf);

/** Every setting there is, with its default (contract A5). An empty variable counts as not set. */
const settingsSchema = z.object({
  NODE_ENV: oneOf(['production', 'development', 'test']).default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(3000),
  PUBLIC_URL: httpUrl.optional(),
  DATA_DIR: z.string().default('./data'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: 'must be a postgres:// or postgresql:// URL' }).optional(),
  DATABASE_POOL_MAX: wholeNumber(2, 200).default(8),
  ...kafkaSettings,
  REDIS_URL: z
    .string()
    .refine(
      (text) => listOf(text).every((each) => redisUrl.safeParse(each).success),
      'must be a redis:// or rediss:// URL',
    )
    .optional(),
  REDIS_CA_FILE: z.string().optional(),
  APART_WITHOUT_REDIS: oneOf(['on', 'off']).default('off'),
  KEYS_URL: httpUrl.optional(),
  BILLING_URL: httpUrl.optional(),
  LOGS_URL: httpUrl.optional(),
  INTERNAL_SECRET: secret(32).optional(),
  ...secretSettings,
  ADMIN_API_KEY: secret(16).optional(),
  PAYER_RULE: oneOf(payerRuleSchema.options).default('key-type'),
  BILLING: oneOf(['on', 'off']).default('on'),
  SIGN_UP: oneOf(['open', 'closed']).default('open'),
  ...signOnSettings,
  SIGN_IN_FAILURES_MAX: wholeNumber(1, 1_000_000).default(10),
  SIGN_IN_TRIES_PER_MINUTE: wholeNumber(1, 1_000_000).default(600),
  KEY_PREFIX: shaped(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,30}[-_]$/,
    '2 to 32 letters, digits, - or _, ending in - or _',
  ).default('sk-sim-'),
  LEASE_MS: wholeNumber(200, 60_000).default(2000),
  PLANS_FILE: z.string().optional(),
  UPSTREAM_ALLOW: list.default([]),
  TRUSTED_PROXIES: list.default([]),
  EXPRESSION_TIMEOUT_MS: wholeNumber(10, 600_000).default(5000),
  EXPRESSION_MEMORY_MB: wholeNumber(16, 4096).default(64),
  EXPRESSION_WORKERS: wholeNumber(1, 64).default(2),
  UPSTREAM_TIMEOUT_MS: wholeNumber(100, 3_600_000).default(300_000),
  RUNS_UNDER_WAY_MAX: wholeNumber(1, 1_000_000).default(2_000),
  REQUEST_TIMEOUT_MS: wholeNumber(1_000, 3_600_000).default(60_000),
  STREAM_STALL_MS: wholeNumber(100, 3_600_000).default(30_000),
  JOB_WORKERS: wholeNumber(1, 1_000).default(50),
  SPOOL_RUNS_MAX: wholeNumber(1, 100_000_000).default(1_000_000),
  SPOOL_SYNC: oneOf(['process', 'disk']).default('process'),
  LOG_LEVEL: oneOf(['silent', 'fatal', 'error', 'warn', 'info', 'debug']).default('info'),
});

export type Settings = z.output<typeof settingsSchema>;

/** The settings of one process. Injected everywhere by this class; nothing else reads the environment. */
export class Config implements Readonly<Settings> {
  declare readonly NODE_ENV: Settings['NODE_ENV'];
  declare readonly HOST: string;
  declare readonly PORT: number;
  declare readonly PUBLIC_URL: string | undefined;
  declare readonly DATA_DIR: string;
  declare readonly DATABASE_URL: string | undefined;
  declare readonly DATABASE_POOL_MAX: number;
  declare readonly KAFKA_BROKERS: string[] | undefined;
  declare readonly KAFKA_SSL: KafkaSettings['KAFKA_SSL'];
  declare readonly KAFKA_CA_FILE: string | undefined;
  declare readonly KAFKA_SASL: KafkaSettings['KAFKA_SASL'];
  declare readonly KAFKA_USERNAME: string | undefined;
  declare readonly KAFKA_PASSWORD: string | undefined;
  declare readonly KAFKA_TOPIC_PREFIX: string;
  declare readonly KAFKA_REPLICATION: number | undefined;
  declare readonly KAFKA_SKIP: string[];
  declare readonly REDIS_URL: string | undefined;
  declare readonly REDIS_CA_FILE: string | undefined;
  declare readonly APART_WITHOUT_REDIS: Settings['APART_WITHOUT_REDIS'];
  declare readonly KEYS_URL: string | undefined;
  declare readonly BILLING_URL: string | undefined;
  declare readonly LOGS_URL: string | undefined;
  declare readonly INTERNAL_SECRET: string | undefined;
  declare readonly MASTER_KEYS: string | undefined;
  declare readonly KEY_PEPPERS: string | undefined;
  declare readonly AUTH_SECRET: string | undefined;
  declare readonly ADMIN_API_KEY: string | undefined;
  declare readonly PAYER_RULE: Settings['PAYER_RULE'];
  declare readonly BILLING: Settings['BILLING'];
  declare readonly SIGN_UP: Settings['SIGN_UP'];
  declare readonly OIDC_ISSUER: string | undefined;
  declare readonly OIDC_CLIENT_ID: string | undefined;
  declare readonly OIDC_CLIENT_SECRET: string | undefined;
  declare readonly OIDC_NAME: string;
  declare readonly SIGN_IN_FAILURES_MAX: number;
  declare readonly SIGN_IN_TRIES_PER_MINUTE: number;
  declare readonly KEY_PREFIX: string;
  declare readonly LEASE_MS: number;
  declare readonly PLANS_FILE: string | undefined;
  declare readonly UPSTREAM_ALLOW: string[];
  declare readonly TRUSTED_PROXIES: string[];
  declare readonly EXPRESSION_TIMEOUT_MS: number;
  declare readonly EXPRESSION_MEMORY_MB: number;
  declare readonly EXPRESSION_WORKERS: number;
  declare readonly UPSTREAM_TIMEOUT_MS: number;
  declare readonly RUNS_UNDER_WAY_MAX: number;
  declare readonly REQUEST_TIMEOUT_MS: number;
  declare readonly STREAM_STALL_MS: number;
  declare readonly JOB_WORKERS: number;
  declare readonly SPOOL_RUNS_MAX: number;
  declare readonly SPOOL_SYNC: Settings['SPOOL_SYNC'];
  declare readonly LOG_LEVEL: Settings['LOG_LEVEL'];

  /** Every setting there is. */
  static readonly names: readonly string[] = Object.keys(settingsSchema.shape);

  constructor(settings: Settings) {
    Object.assign(this, settings);
    Object.freeze(this);
  }

  /** A copy with some settings replaced: the embedded host fills in the database and the secrets it made itself. */
  with(changes: Partial<Settings>): Config {
    return new Config({ ...(this as unknown as Settings), ...changes });
  }

  /** What links show. */
  get publicUrl(): string {
    return this.PUBLIC_URL ?? `http://${this.HOST.includes(':') ? `[${this.HOST}]` : this.HOST}:${this.PORT}`;
  }
}

/**
 * Reads the environment. `required` names what this process cannot start without; a process that requires anything is one
 * service of several. Services apart hold each other to a revocation by Redis: without it a receipt would name the keys
 * service alone and prove nothing, so that has to be asked for. Throws `ConfigFault`.
 */
export function loadConfig(env: NodeJS.ProcessEnv, required: readonly (keyof Settings)[] = []): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = settingsSchema.safeParse(given);
  const faults = (parsed.error?.issues ?? []).map(({ path, message }) =>
    message.startsWith('is "') ? `${path.join('.')} ${message}` : `${path.join('.')}: ${message}`,
  );
  for (const name of required) {
    if (given[name] === undefined) faults.push(`${name}: is required to start this service alone`);
  }
  if (required.length > 0 && given.REDIS_URL === undefined && given.APART_WITHOUT_REDIS !== 'on') {
    faults.push(
      'REDIS_URL: is required to start this service alone, or APART_WITHOUT_REDIS=on, and receipts prove nothing',
    );
  }
  // What is wrong between settings is told as well, unless one of them is wrong itself.
  const isSound = (group: string) => !parsed.error?.issues.some(({ path }) => String(path[0]).startsWith(group));
  if (isSound('REDIS_') && given.REDIS_CA_FILE !== undefined && given.REDIS_URL?.startsWith('redis:')) {
    faults.push('REDIS_CA_FILE: needs a REDIS_URL with rediss://');
  }
  if (isSound('KAFKA_')) faults.push(...kafkaFaults(given));
  if (isSound('OIDC_')) faults.push(...signOnFaults(given));
  if (faults.length > 0 || !parsed.data) throw new ConfigFault(faults);
  return new Config(parsed.data);
}

/** The configuration of this process. */
export function configOfProcess(required: readonly (keyof Settings)[] = []): Config {
  return loadConfig(process.env, required);
}
