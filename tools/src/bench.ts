import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '@tollgate/testing';
import { SessionClient } from './session-client.js';

/**
 * `npm run bench`: what an authenticated, metered, logged run costs, as a share of what a bare Fastify route serves in
 * the same run of the bench: one core for the gateway (or the floor), one for the load and all the rest, 64 keep-alive
 * connections, 1,000 keys. Floor and
 * platform take turns, and medians count, since machines drift. Fails below the least shares.
 */
const ROUNDS = 3;
const SECONDS = 5;
const CONNECTIONS = 64;
const KEYS = 1_000;
const OPEN_LOOP_RATE = 2_000;
const LEAST = { answered: 0.25, forwarded: 0.22 };
const HERE = import.meta.dirname;

interface Measured {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failed: number;
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
  return line.toString().trim();
}

async function measure(url: string, path: string, keys: string[], more: object = {}): Promise<Measured> {
  const child = start(1, [join(HERE, 'bench-load.js')]);
  child.stdin!.end(JSON.stringify({ url, path, keys, connections: CONNECTIONS, seconds: SECONDS, ...more }));
  let text = '';
  child.stdout!.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error('the load could not be made');
  const measured = JSON.parse(text) as Measured;
  if (measured.failed > 0) throw new Error(`${measured.failed} requests to ${url}${path} failed`);
  return measured;
}

/** The services as processes of their own, with the gateway alone on its core. */
async function startPlatform(): Promise<{ keysUrl: string; gatewayUrl: string }> {
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
    LOG_LEVEL: 'warn',
  };
  const service = async (name: string, core: number, keysUrl: string) => {
    const port = await freePort();
    const env = { ...shared, PORT: String(port), DATA_DIR: join(dataDir, name), KEYS_URL: keysUrl };
    start(core, [join(HERE, `../../apps/${name}/dist/main.js`)], env, core === 1);
    const url = `http://127.0.0.1:${port}`;
    for (const deadline = Date.now() + 60_000; Date.now() < deadline; await pause(100)) {
      const ready = await fetch(`${url}/health/ready`).catch(() => undefined);
      if (ready?.ok) return url;
    }
    throw new Error(`${name} did not get ready`);
  };
  const keysUrl = await service('keys', 1, 'http://127.0.0.1:1');
  await service('billing', 1, keysUrl);
  await service('logs', 1, keysUrl);
  return { keysUrl, gatewayUrl: await service('gateway', 0, keysUrl) };
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
const round = (value: number) => Math.round(value).toLocaleString('en').padStart(8);

async function main(): Promise<void> {
  const floorPort = await lineOf(start(0, [join(HERE, 'bench-servers.js'), 'floor']));
  const upstreamPort = await lineOf(start(1, [join(HERE, 'bench-servers.js'), 'upstream']));
  const urls = await startPlatform();
  const { answered, forwarded, keys } = await furnish(urls, upstreamPort);
  const url = urls.gatewayUrl;
  await pause(1_000);
  const floorUrl = `http://127.0.0.1:${floorPort}`;
  const rates = { floor: [] as number[], answered: [] as number[], forwarded: [] as number[] };
  await measure(floorUrl, answered, keys, { seconds: 2 });
  await measure(url, answered, keys, { seconds: 2 });
  for (let nth = 0; nth < ROUNDS; nth += 1) {
    rates.floor.push((await measure(floorUrl, answered, keys)).perSecond);
    rates.answered.push((await measure(url, answered, keys)).perSecond);
    rates.forwarded.push((await measure(url, forwarded, keys)).perSecond);
  }
  const open = await measure(url, answered, keys, { rate: OPEN_LOOP_RATE, seconds: 10 });
  const floor = median(rates.floor);
  const shares = { answered: median(rates.answered) / floor, forwarded: median(rates.forwarded) / floor };
  process.stdout.write(
    [
      `floor: bare Fastify route          ${round(floor)} requests/s   1.00`,
      `run answered in the gateway        ${round(median(rates.answered))} runs/s       ${shares.answered.toFixed(2)}`,
      `run forwarded to an http upstream  ${round(median(rates.forwarded))} runs/s       ${shares.forwarded.toFixed(2)}`,
      `open loop at ${OPEN_LOOP_RATE} runs/s             p50 ${open.p50Ms} ms, p99 ${open.p99Ms} ms`,
      '',
    ].join('\n'),
  );
  if (shares.answered < LEAST.answered || shares.forwarded < LEAST.forwarded) {
    throw new Error(`below the least shares of ${LEAST.answered} and ${LEAST.forwarded}`);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
} finally {
  for (const child of children) if (child.exitCode === null) child.kill('SIGTERM');
  await Promise.all(
    children.map((child) => (child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined)),
  );
  rmSync(dataDir, { recursive: true, force: true });
}
