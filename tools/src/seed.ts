import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { configOfProcess, findPlatform, type NamedPlatform, PLATFORM_OPTIONS } from '@tollgate/service-kit';
import { SessionClient } from './session-client.js';

/**
 * `npm run seed [-- --url http://… | --stack DIR | --data DIR] [--json]`: makes a user, a workspace, two deployed
 * workflows, a personal and a workspace key in a running platform, over its own routes, and prints what to paste.
 */
const WORKFLOWS = [
  { name: 'Greeting', expression: '{ "greeting": "Hello, " & (name ? name : "world") & "!", "received": $ }' },
  { name: 'Order total', expression: '{ "total": $sum(items.(price * quantity)) }' },
];

export interface Seeded {
  url: string;
  email: string;
  password: string;
  userId: string;
  workspaceId: string;
  workflows: { id: string; name: string }[];
  personalKey: string;
  personalKeyId: string;
  workspaceKey: string;
}

async function seed(url: string): Promise<Seeded> {
  const suffix = randomBytes(4).toString('hex');
  const email = `seed-${suffix}@example.com`;
  const password = randomBytes(12).toString('base64url');
  const client = new SessionClient(url);
  const { user } = await client.send<{ user: { id: string } }>('POST', '/api/auth/sign-up/email', {
    name: 'Seed User',
    email,
    password,
  });
  const { workspace } = await client.send<{ workspace: { id: string } }>('POST', '/api/workspaces', {
    name: `Seed workspace ${suffix}`,
  });
  const workflows: { id: string; name: string }[] = [];
  for (const { name, expression } of WORKFLOWS) {
    const { workflow } = await client.send<{ workflow: { id: string } }>('POST', '/api/workflows', {
      workspaceId: workspace.id,
      name,
      runner: { kind: 'expression', expression },
    });
    await client.send('POST', `/api/workflows/${workflow.id}/deploy`);
    workflows.push({ id: workflow.id, name });
  }
  type Made = { key: { id: string; key: string } };
  const personal = await client.send<Made>('POST', '/api/users/me/api-keys', { name: 'Seed personal key' });
  const shared = await client.send<Made>('POST', `/api/workspaces/${workspace.id}/api-keys`, {
    name: 'Seed workspace key',
  });
  return {
    url,
    email,
    password,
    userId: user.id,
    workspaceId: workspace.id,
    workflows,
    personalKey: personal.key.key,
    personalKeyId: personal.key.id,
    workspaceKey: shared.key.key,
  };
}

function curlOf(url: string, workflowId: string, key: string, body: string): string {
  return [
    `curl -X POST ${url}/api/workflows/${workflowId}/execute \\`,
    '  -H "Content-Type: application/json" \\',
    `  -H "X-API-Key: ${key}" \\`,
    `  -d '${body}'`,
  ].join('\n');
}

function report(made: Seeded): string {
  const [greeting, total] = made.workflows;
  return [
    `Sign in        ${made.email} / ${made.password}`,
    `Workspace      ${made.workspaceId}`,
    ...made.workflows.map(({ id, name }) => `Workflow       ${id}  ${name}`),
    `Personal key   ${made.personalKey}   (billed to its owner)`,
    `Workspace key  ${made.workspaceKey}   (billed to the workspace owner)`,
    '',
    'The keys are shown here once. Paste:',
    '',
    curlOf(made.url, greeting?.id ?? '', made.personalKey, '{"inputs": {}}'),
    '',
    curlOf(made.url, total?.id ?? '', made.workspaceKey, '{"items": [{"price": 5, "quantity": 3}]}'),
    '',
    `curl "${made.url}/api/v1/logs?workspaceId=${made.workspaceId}" -H "X-API-Key: ${made.workspaceKey}"`,
    `curl ${made.url}/api/users/me/usage-limits -H "X-API-Key: ${made.personalKey}"`,
    '',
    'Signed in, to see the bill and to revoke:',
    '',
    `export KEY=${made.personalKey} KEY_ID=${made.personalKeyId} WORKSPACE=${made.workspaceId}`,
    `curl -c cookies ${made.url}/api/auth/sign-in/email \\`,
    '  -H "Content-Type: application/json" \\',
    `  -d '${JSON.stringify({ email: made.email, password: made.password })}'`,
  ].join('\n');
}

/** Says on standard error whom it speaks to; what it made goes to standard output alone. */
function baseUrl(given: string | undefined, named: NamedPlatform): string {
  const found =
    given === undefined ? findPlatform(named, configOfProcess(), '--url') : { name: 'the platform', url: given };
  const url = (found.url ?? '').replace(/\/+$/, '');
  process.stderr.write(`Seeding ${found.name} at ${url}\n`);
  return url;
}

try {
  const { values } = parseArgs({
    options: { url: { type: 'string' }, json: { type: 'boolean', default: false }, ...PLATFORM_OPTIONS },
  });
  const { url, json, ...named } = values;
  const made = await seed(baseUrl(url, named));
  process.stdout.write(`${json ? JSON.stringify(made) : report(made)}\n`);
} catch (error) {
  const { message, cause } = error as Error;
  // "fetch failed" alone does not say what could not be reached.
  process.stderr.write(`${message}${cause instanceof Error ? `: ${cause.message}` : ''}\n`);
  process.exitCode = 1;
}
