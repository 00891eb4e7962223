import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Config, ConfigFault, loadConfig } from './config.js';

const faultsOf = (env: Record<string, string>, required: Parameters<typeof loadConfig>[1] = []): string[] => {
  try {
    loadConfig(env, required);
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults;
    throw error;
  }
  return [];
};

describe('the configuration', () => {
  test('given an empty environment, it is the embedded mode; an empty variable counts as not set', () => {
    const config = loadConfig({ DATABASE_URL: '', PORT: '' });

    expect(config).toMatchObject({ PORT: 3000, HOST: '127.0.0.1', DATA_DIR: './data', PAYER_RULE: 'key-type' });
    expect(config.DATABASE_URL).toBeUndefined();
    expect(config.publicUrl).toBe('http://127.0.0.1:3000');
  });

  test('given several faults, all are told together, each with its setting, and no secret is repeated', () => {
    const faults = faultsOf({ PORT: 'abc', MASTER_KEYS: 'short-master', AUTH_SECRET: 'short-auth' }, ['DATABASE_URL']);

    expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
      'AUTH_SECRET',
      'DATABASE_URL',
      'MASTER_KEYS',
      'PORT',
      'REDIS_URL',
    ]);
    expect(faults.join()).not.toMatch(/short-(master|auth)/);
  });

  test('given an address of Redis that is none, it says so', () => {
    expect(faultsOf({ REDIS_URL: 'http://127.0.0.1' })).toEqual(['REDIS_URL: must be a redis:// or rediss:// URL']);
    expect(faultsOf({ REDIS_URL: 'redis://one,http://two' })).toEqual([
      'REDIS_URL: must be a redis:// or rediss:// URL',
    ]);
    expect(faultsOf({ REDIS_URL: 'rediss://user:word@redis.example:6380/1', REDIS_CA_FILE: 'ca.pem' })).toEqual([]);
    expect(faultsOf({ REDIS_URL: 'redis://one:6379, redis://two:6379' })).toEqual([]);
    expect(faultsOf({ REDIS_URL: 'redis://one:6379', REDIS_CA_FILE: 'ca.pem' })).toEqual([
      'REDIS_CA_FILE: needs a REDIS_URL with rediss://',
    ]);
  });

  test('given brokers, it takes a list of host:port, and says so of anything else', () => {
    expect(loadConfig({ KAFKA_BROKERS: 'one:9092, [::1]:9093' }).KAFKA_BROKERS).toEqual(['one:9092', '[::1]:9093']);
    for (const wrong of ['one', 'kafka://one:9092', 'one:9092;two:9092', ',', 'user:pass@one:9092']) {
      expect(faultsOf({ KAFKA_BROKERS: wrong })).toEqual([
        'KAFKA_BROKERS: must be comma-separated host:port, without a scheme',
      ]);
    }
  });

  test.each([
    [{ OIDC_ISSUER: 'https://id.example.com' }, ['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET']],
    [{ OIDC_CLIENT_SECRET: 'hidden-word' }, ['OIDC_ISSUER', 'OIDC_CLIENT_ID']],
    [{ OIDC_ISSUER: 'ftp://id', OIDC_CLIENT_ID: 'a', OIDC_CLIENT_SECRET: 'hidden-word' }, ['OIDC_ISSUER']],
    [{ OIDC_ISSUER: 'http://id.example.com', OIDC_CLIENT_ID: 'a', OIDC_CLIENT_SECRET: 'hidden-word' }, ['OIDC_ISSUER']],
  ])('given a provider to sign in at that is not whole or not safe, %j, it names %j', (env, named) => {
    const faults = faultsOf(env as Record<string, string>);
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(named);
    expect(faults.join()).not.toContain('hidden-word');
  });

  test('services apart need Redis, which makes receipts a proof, unless that is given up in so many words', () => {
    expect(faultsOf({ KEYS_URL: 'http://keys' }, ['KEYS_URL'])).toEqual([
      expect.stringMatching(/^REDIS_URL: .*receipts/),
    ]);
    expect(faultsOf({ KEYS_URL: 'http://keys', APART_WITHOUT_REDIS: 'on' }, ['KEYS_URL'])).toEqual([]);
    expect(faultsOf({ KEYS_URL: 'http://keys', REDIS_URL: 'redis://redis:6379' }, ['KEYS_URL'])).toEqual([]);
  });

  test.each([
    [{ KAFKA_SASL: 'plain' }, ['KAFKA_USERNAME', 'KAFKA_PASSWORD']],
    [{ KAFKA_USERNAME: 'me', KAFKA_PASSWORD: 'hidden-word' }, ['KAFKA_SASL']],
    [{ KAFKA_SASL: 'md5', KAFKA_SSL: 'yes' }, ['KAFKA_SSL', 'KAFKA_SASL']],
    [{ KAFKA_CA_FILE: 'ca.pem' }, ['KAFKA_CA_FILE']],
    [{ KAFKA_SKIP: 'billing-meter@tollgate.usage/3/12,nonsense' }, ['KAFKA_SKIP']],
  ])('given %j, it names %j', (env, named) => {
    const faults = faultsOf(env as Record<string, string>);
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(named);
    expect(faults.join()).not.toContain('hidden-word');
  });

  test('the example file names every setting with its default, and no other', () => {
    const lines = readFileSync(join(import.meta.dirname, '../../../.env.example'), 'utf8').split('\n');
    const example = Object.fromEntries(
      lines
        .filter((line) => /^[A-Z_]+=/.test(line))
        .map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]),
    );
    const known = Config.names.filter((name) => name !== 'NODE_ENV');

    expect(Object.keys(example).sort()).toEqual([...known].sort());
    expect({ ...loadConfig(example) }).toEqual({ ...loadConfig({}) });
  });
});
