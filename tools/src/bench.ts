import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@tollgate/testing';
import type { LoadResult } from './bench-load.js';
import { SessionClient } from './session-client.js';

/**
 * `npm run bench`: what an authenticated, metered, logged run costs, as a share of what a bare Fastify route serves in
 * the same run of the bench: one core for the gateway (or the floor), one for the load and all the rest, 64 keep-alive
 * connections, 1,000 keys. Floor and platform take turns, each when the last one's runs are all shipped, and medians
 * count, since machines drift. Fails below the least shares.
 *
 * Beside the share of the rate it prints the share of processor time: what is left of the rate's when other work on the
 * machine, or the load itself, is what limits it.
 */
const ROUNDS = 3;
const SECONDS = 5;
/** Until the compiler has nothing left to do. */
const WARM_UP_SECONDS = 6;
const SETTLE_MS_MAX = 30_000;
const CONNECTIONS = 64;
const KEYS = 1_000;
/** `/proc` counts in hundredths of a second. */
const TICK_MICROS = 10_000;
const OPEN_LOOP_RATE = 2_000;
const LEAST = { answered: 0.25, forwarded: 0.22 };
const HERE = import.meta.dirname;

interface Measured extends LoadResult {
  /** Processor time of the measured process for each request, in microseconds; NaN where the system does not tell. */
  cpuMicros: number;
}

interface Target {
  url: string;
  path: string;
  pid: number;
}

const children: ChildProcess[] = [];
const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));

/**
 * A program on one core, where the machine can do that. What is not measured gives way to what is (`nice`): the database
 * and the other services share the load's core, and what they do not get done meanwhile waits in the spool.
 */
function start(core: number, args: string[], env: Record<string, string> = {}, gives = false): ChildProcess {
  const pinned = canPin() ? ['taskset', '-c', String(core), ...(gives ? ['nice', '-n', '19'] : [])] : [];
  const [command = '', ...rest] = [...pinned, process.execPath, ...args];
  const child = spawn(command, rest, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  return child;
}

function canPin(): boolean {
  if (availableParallelism() < 2) return false;
  try {
    execFileSync('taskset', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function lineOf(child: ChildProcess): Promise<string> {
  const [line] = (await once(child.stdout!, 'data')) as [Buffer];
  child.stdout!.resume();
  return line.toString().trim();
}

async function measure({ url, path, pid }: Target, keys: string[], more: object = {}): Promise<Measured> {
  const before = cpuMicrosOf(pid);
  const child = start(1, [join(HERE, 'bench-load.js')]);
  const load = { url, path, keys, connections: CONNECTIONS, seconds: SECONDS, ...more };
  child.stdin!.end(JSON.stringify(load));
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error('the load could not be made');
  const measured = JSON.parse(text) as LoadResult;
  if (measured.failed > 0) throw new Error(`${measured.failed} requests to ${url}${path} failed`);
  await settle(url);
  const cpuMicros = (cpuMicrosOf(pid) - before) / (measured.perSecond * load.seconds);
  return { ...measured, cpuMicros };
}

/** What a process has used of processors so far, all its threads together, in microseconds. */
function cpuMicrosOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
  } catch {
    return NaN;
  }
}

/** Until nothing waits in the spool, so that what one run leaves behind is counted to it and not to the next. */
async function settle(url: string): Promise<void> {
  for (const deadline = Date.now() + SETTLE_MS_MAX; Date.now() < deadline; await pause(100)) {
    const text = await fetch(`${url}/metrics`).then((answer) => answer.text());
    if (!/^tollgate_spool_runs [1-9]/m.test(text)) return;
  }
}

/** The services as processes of their own, with the gateway alone on its core. */
async function startPlatform(): Promise<{ keysUrl: string; gatewayUrl: string; gatewayPid: number }> {
  const plans = join(dataDir, 'plans.json');
  const off = {
    syncPerMinute: 'off',
    asyncPerMinute: 'off',
    apiPerMinute: 'off',
    concurrentRuns: 'off',
    allowanceUsd: 'off',
  };
  writeFileSync(plans, JSON.stringify({ free: off }));
  const database = start(1, [join(HERE, 'bench-servers.js'), 'database', join(dataDir, 'database')], {}, true);
  const hex = () => randomBytes(32).toString('hex');
  const shared = {
    DATABASE_URL: await lineOf(database),
    MASTER_KEYS: hex(),
    KEY_PEPPERS: hex(),
    AUTH_SECRET: hex(),
    PLANS_FILE: plans,
    UPSTREAM_ALLOW: '127.0.0.0/8',
    APART_WITHOUT_REDIS: 'on',
    LOG_LEVEL: 'warn',
  };
  const service = async (name: string, core: number, keysUrl: string) => {
    const port = await freePort();
    const env = { ...shared, PORT: String(port), DATA_DIR: join(dataDir, name), KEYS_URL: keysUrl };
    const child = start(core, [join(HERE, `../../apps/${name}/dist/main.js`)], env, core === 1);
    child.stdout!.pipe(createWriteStream(join(dataDir, `${name}.log`)));
    const url = `http://127.0.0.1:${port}`;
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await pause(100)) {
      const ready = await fetch(`${url}/health/ready`).catch(() => undefined);
      if (ready?.ok) return { url, pid: child.pid! };
    }
    throw new Error(`${name} did not get ready`);
  };
  const { url: keysUrl } = await service('keys', 1, 'http://127.0.0.1:1');
  await service('billing', 1, keysUrl);
  await service('logs', 1, keysUrl);
  const gateway = await service('gateway', 0, keysUrl);
  return { keysUrl, gatewayUrl: gateway.url, gatewayPid: gateway.pid };
}

/** The end of what a service had to say, for whoever asks why a run of the bench failed. */
function lastWords(name: string): string {
  try {
    return readFileSync(join(dataDir, `${name}.log`), 'utf8')
      .split('\n')
      .slice(-6)
      .join('\n');
  } catch {
    return '';
  }
}

async function furnish(urls: { keysUrl: string; gatewayUrl: string }, upstreamPort: string) {
  const person = new SessionClient(urls.keysUrl, { '/api/workflows': urls.gatewayUrl });
  await person.send('POST', '/api/auth/sign-up/email', {
    name: 'Bench',
    email: 'bench@example.com',
    password: 'bench-bench',
  });
  const { workspace } = await person.send<{ workspace: { id: string } }>('POST', '/api/workspaces', { name: 'Bench' });
  const deployed = async (name: string, runner: object) => {
    const body = { workspaceId: workspace.id, name, runner };
    const { workflow } = await person.send<{ workflow: { id: string } }>('POST', '/api/workflows', body);
    await person.send('POST', `/api/workflows/${workflow.id}/deploy`);
    return `/api/workflows/${workflow.id}/execute`;
  };
  const answered = await deployed('Identity', { kind: 'expression', expression: '$' });
  const forwarded = await deployed('Forward', { kind: 'http', url: `http://127.0.0.1:${upstreamPort}/` });
  const keys: string[] = [];
  for (let made = 0; made < KEYS; made += 1) {
    const path = made % 2 === 0 ? '/api/users/me/api-keys' : `/api/workspaces/${workspace.id}/api-keys`;
    keys.push((await person.send<{ key: { key: string } }>('POST', path, { name: `key ${made}` })).key.key);
  }
  return { answered, forwarded, keys };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const rate = ({ perSecond }: Measured) => perSecond;
const cpu = ({ cpuMicros }: Measured) => cpuMicros;
const busy = (measured: Measured) => measured.busy;
const round = (value: number) => Math.round(value).toLocaleString('en').padStart(8);

async function main(): Promise<void> {
  const floorProcess = start(0, [join(HERE, 'bench-servers.js'), 'floor']);
  const floorPort = await lineOf(floorProcess);
  const upstreamPort = await lineOf(start(1, [join(HERE, 'bench-servers.js'), 'upstream']));
  const platform = await startPlatform();
  const { answered, forwarded, keys } = await furnish(platform, upstreamPort);
  const gateway = { url: platform.gatewayUrl, pid: platform.gatewayPid };
  const targets = {
    floor: { url: `http://127.0.0.1:${floorPort}`, pid: floorProcess.pid!, path: answered },
    answered: { ...gateway, path: answered },
    forwarded: { ...gateway, path: forwarded },
  };
  const names = ['floor', 'answered', 'forwarded'] as const;
  const rounds = { floor: [] as Measured[], answered: [] as Measured[], forwarded: [] as Measured[] };
  for (const name of names) await measure(targets[name], keys, { seconds: WARM_UP_SECONDS });
  for (let nth = 0; nth < ROUNDS; nth += 1) {
    for (const name of names) rounds[name].push(await measure(targets[name], keys));
  }
  const openLoop = { rate: OPEN_LOOP_RATE, seconds: 10 };
  const open = {
    floor: await measure(targets.floor, keys, openLoop),
    run: await measure(targets.answered, keys, openLoop),
  };
  const of = (name: (typeof names)[number], value: (each: Measured) => number) => median(rounds[name].map(value));
  const rateShare = (name: (typeof names)[number]) => of(name, rate) / of('floor', rate);
  const line = (title: string, name: (typeof names)[number]) =>
    `${title.padEnd(34)} ${round(of(name, rate))}/s  ${rateShare(name).toFixed(2)}   ` +
    `${of(name, cpu).toFixed(0).padStart(4)} µs  ${(of('floor', cpu) / of(name, cpu)).toFixed(2)}   ` +
    `load busy ${of(name, busy).toFixed(2)}`;
  const latency = ({ p50Ms, p99Ms }: Measured) => `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`;
  process.stdout.write(
    [
      `${''.padEnd(34)}       rate  share  cpu each  share`,
      line('floor: bare Fastify route', 'floor'),
      line('run answered in the gateway', 'answered'),
      line('run forwarded to an http upstream', 'forwarded'),
      `open loop at ${OPEN_LOOP_RATE} runs/s: ${latency(open.run)} (floor: ${latency(open.floor)})`,
      '',
    ].join('\n'),
  );
  if (rateShare('answered') < LEAST.answered || rateShare('forwarded') < LEAST.forwarded) {
    throw new Error(`below the least shares of ${LEAST.answered} and ${LEAST.forwarded}`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n${lastWords('gateway')}`);
  process.exitCode = 1;
} finally {
  for (const child of children) if (child.exitCode === null) child.kill('SIGTERM');
  await Promise.all(
    children.map((child) => (child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined)),
  );
  rmSync(dataDir, { recursive: true, force: true });
}
