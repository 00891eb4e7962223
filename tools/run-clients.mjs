import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHere } from './run-process.mjs';
import { preparePythonClients } from './run-python.mjs';
import { build, stage } from './run-steps.mjs';

const stack = ['--disable-warning=TimeoutNegativeWarning', 'tools/dist/stack.js'];

/**
 * The published clients, unmodified, against the built platform: SDKs of both languages and generations, the CLI, MCP, curl.
 * `--fleet` runs them against two gateways of the distributed form: what people do is done on the first, what clients
 * call is the second. `TOLLGATE_CLIENTS_URLS` names gateways that run already. Other arguments go to Jest.
 */
export async function testClients(args) {
  await build();
  await preparePythonClients();
  const forJest = args.filter((arg) => arg !== '--fleet');
  return args.includes('--fleet') ? onFleet((environment) => runSpecs(forJest, environment)) : runSpecs(forJest, {});
}

function runSpecs(args, environment) {
  return runHere(
    // The TypeScript SDK leaves the timer of each call running for half a minute, which Jest would wait for.
    [...stage.jest, '--forceExit', '--testMatch=**/*.clients.spec.ts', '--testPathIgnorePatterns=none', ...args],
    // They start what they need: no database of the tests.
    { TOLLGATE_UNIT_TESTS: '1', ...environment },
  );
}

async function onFleet(work) {
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-clients-'));
  try {
    const code = await runHere([...stack, '--gateways', '2', '--dir', dir], { UPSTREAM_ALLOW: '127.0.0.1' });
    if (code !== 0) return code;
    const { baseUrls, adminApiKey } = JSON.parse(readFileSync(join(dir, 'stack.json'), 'utf8'));
    return await work({ TOLLGATE_CLIENTS_URLS: baseUrls.join(','), TOLLGATE_CLIENTS_ADMIN_KEY: adminApiKey });
  } finally {
    await runHere([...stack, 'stop', '--dir', dir]);
    rmSync(dir, { recursive: true, force: true });
  }
}
