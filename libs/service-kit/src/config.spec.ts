import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigFault } from './config-fault.js';
import { Config, loadConfig } from './config.js';

const faultsOf = (env: Record<string, string>, required: Parameters<typeof loadConfig>[1] = []): string[] => {
  try {
    loadConfig(env, required);
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults;
    throw error;
  }
  return [];
};

const namesOf = (faults: string[]) => faults.map((fault) => fault.split(/[: ]/)[0]);

describe('the configuration', () => {
  test('given an empty environment, it is the embedded mode; an empty variable counts as not set', () => {
    const config = loadConfig({ DATABASE_URL: '', PORT: '' });

    expect(config).toMatchObject({ PORT: 3000, HOST: '127.0.0.1', DATA_DIR: './data', PAYER_RULE: 'key-type' });
    expect(config.DATABASE_URL).toBeUndefined();
    expect(config.publicUrl).toBe('http://127.0.0.1:3000');
  });

  test('given several faults, all are told together, each with its setting, and no secret is repeated', () => {
    const faults = faultsOf({ PORT: 'abc', MASTER_KEYS: 'short-master', AUTH_SECRET: 'short-auth' }, ['DATABASE_URL']);

    expect(namesOf(faults).sort()).toEqual(['AUTH_SECRET', 'DATABASE_URL', 'MASTER_KEYS', 'PORT', 'REDIS_URL']);
    expect(faults.join()).not.toMatch(/short-(master|auth)/);
  });

  test.each([
    ['PORT', 'abc', 'a whole number from 0 to 65535'],
    ['PORT', '65536', 'a whole number from 0 to 65535'],
    ['PORT', '1e3', 'a whole number from 0 to 65535'],
    ['LEASE_MS', '-1', 'a whole number from 200 to 60000'],
    ['KAFKA_REPLICATION', '2.5', 'a whole number from 1 to 10'],
    ['BILLING', 'yes', 'on or off'],
    ['KAFKA_SASL', 'md5', 'plain, scram-sha-256 or scram-sha-512'],
    ['PAYER_RULE', 'me', 'key-type or workspace'],
    ['KEY_PREFIX', 'x'.repeat(50), '2 to 32 letters, digits, - or _, ending in - or _'],
  ])('given %s=%s, it says so, and that it must be %s', (name, value, rule) => {
    const shown = value.length > 40 ? `${value.slice(0, 40)}…` : value;
    expect(faultsOf({ [name]: value })).toEqual([`${name} is "${shown}"; it must be ${rule}`]);
  });

  test('no setting is refused in words of the program, and none that may hold a secret is repeated', () => {
    const wrong = 'no such value: hidden-word';
    for (const name of Config.names) {
      const faults = faultsOf({ [name]: wrong });
      for (const fault of faults) expect(fault).toMatch(/must|is required|needs/);
      for (const fault of faults) expect(fault).not.toMatch(/NaN|expected|received|[Ii]nvalid/);
      if (/SECRET|KEYS|PEPPER|PASSWORD|URL|ISSUER|BROKERS/.test(name))
        expect(faults.join()).not.toContain('hidden-word');
    }
    // What is wrong in one place does not hide what is wrong between others.
    expect(namesOf(faultsOf({ PORT: 'abc', KAFKA_SASL: 'plain', OIDC_CLIENT_ID: 'a' })).sort()).toEqual([
      ...['KAFKA_PASSWORD', 'KAFKA_USERNAME', 'OIDC_CLIENT_SECRET', 'OIDC_ISSUER', 'PORT'],
    ]);
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
    expect(namesOf(faults)).toEqual(named);
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
    expect(namesOf(faults)).toEqual(named);
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
