import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { eventually } from '@tollgate/testing';
import { ClientWorld } from './client-world.js';
import { type DocumentedLines, documentedLines, ROOT } from './documented-lines.js';
import { type PythonSdkVersion, pythonWith } from './python-sdk.js';

const TIMEOUT_MS = 60_000;
const GREETED = 'Hello, Ada';
const ADDRESS = 'http://127.0.0.1:3000';
const SETTINGS = ['SIM_API_KEY', 'WORKFLOW_ID', 'WORKSPACE_ID'] as const;

/** Lines that answer something else than the greeting. */
const OTHER_ANSWERS: [part: string, answer: string][] = [
  ['X-Execution-Mode: async', '"status":"queued"'],
  ['"stream": true', 'data: "[DONE]"'],
  ['/api/mcp/discover', '"toolCount":1'],
];

const LINES = [
  ...documentedLines('docs/clients.md'),
  ...documentedLines('README.md').filter(({ heading }) => heading === 'Clients'),
].map((lines, place) => [`${lines.page}, ${lines.heading}, ${lines.language} (${place + 1})`, lines] as const);

const pythonsFor = ({ heading }: DocumentedLines): PythonSdkVersion[] =>
  heading.endsWith('0.1.2') ? ['0.1.0', '0.1.2'] : ['0.2.1'];

describe('the lines of the documentation run as they stand there', () => {
  let world: ClientWorld;
  let mcpUrl: string;
  const home = mkdtempSync(join(tmpdir(), 'tollgate-docs-'));
  beforeAll(async () => {
    world = await ClientWorld.start();
    const { greeting } = world.workflows;
    const body = { workspaceId: world.workspaceId, name: 'Tools', workflowIds: [greeting] };
    const made = await world.ada.ok('POST', '/api/mcp/workflow-servers', body);
    mcpUrl = `${world.url}${new URL(made.server.url as string).pathname}`;
  }, TIMEOUT_MS);
  afterAll(async () => {
    rmSync(home, { recursive: true, force: true });
    await world.dispose();
  });

  /** The one thing that differs from the page: where the platform is. */
  const here = (text: string) => text.replaceAll(ADDRESS, world.url);

  function start(command: string, args: string[], text: string): { child: ChildProcess; output: () => string } {
    const child = spawn(command, args, {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        SIM_API_KEY: world.keys.personal,
        WORKFLOW_ID: world.workflows.greeting,
        WORKSPACE_ID: world.workspaceId,
        MCP_URL: mcpUrl,
        ...{ SIM_CONFIG_DIR: home, SIM_TELEMETRY_DISABLED: '1', SIM_NO_UPDATE_CHECK: '1', CI: '1', NO_COLOR: '1' },
      },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += String(chunk)));
    child.stdin.end(here(text));
    return { child, output: () => output };
  }

  async function ended({ child, output }: ReturnType<typeof start>): Promise<string> {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`it ended with ${code}: ${output()}`);
    return output();
  }

  /** Without waiting for its end: the TypeScript SDK leaves the timer of each call running for half a minute. */
  async function said(running: ReturnType<typeof start>, answer: string): Promise<string> {
    const { child, output } = running;
    const end = once(child, 'close');
    while (!output().includes(answer) && child.exitCode === null) {
      await Promise.race([once(child.stdout as Readable, 'data'), end]);
    }
    child.kill();
    await end;
    return output();
  }

  async function approved(running: ReturnType<typeof start>): Promise<ReturnType<typeof start>> {
    const link = await eventually(
      () => new URL(/https?:\/\/\S+\/cli\/auth\?\S+/.exec(running.output())?.[0] ?? running.output()),
      { timeoutMs: 20_000 },
    );
    const { request, challenge, scope } = Object.fromEntries(link.searchParams);
    await world.ada.ok('POST', '/api/cli/auth/approve', { request, challenge, scope });
    return running;
  }

  async function callThrough(configuration: string): Promise<unknown> {
    const text = configuration
      .replaceAll(`${ADDRESS}/api/mcp/serve/SERVER_ID`, mcpUrl)
      .replaceAll('YOUR_API_KEY', world.keys.personal);
    const { url, headers, command, args } = (JSON.parse(text) as McpConfiguration).mcpServers.tools;
    const client = new Client({ name: 'test', version: '1.0.0' });
    const env = { PATH: process.env.PATH ?? '', HOME: home };
    await client.connect(
      command === undefined
        ? new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } })
        : new StdioClientTransport({ command, args, cwd: ROOT, env, stderr: 'ignore' }),
    );
    const result = await client.callTool({ name: 'greeting', arguments: { name: 'Ada' } });
    await client.close();
    return result;
  }

  async function run(lines: DocumentedLines): Promise<string[]> {
    const { language, text } = lines;
    switch (language) {
      case 'js':
        return [await said(start('node', ['--input-type=module'], text), answerOf(text))];
      case 'python':
        return Promise.all(pythonsFor(lines).map((version) => ended(start(pythonWith(version), ['-'], text))));
      case 'json':
        return [JSON.stringify(await callThrough(text))];
      case 'sh':
      case 'bash': {
        const running = start('bash', ['-euo', 'pipefail'], text);
        return [await ended(text.includes('sim login') ? await approved(running) : running)];
      }
      default:
        throw new Error(`nobody runs ${language}`);
    }
  }

  function answerOf(text: string): string {
    if (text.includes('sim login')) return 'Logged in';
    return OTHER_ANSWERS.find(([part]) => text.includes(part))?.[1] ?? GREETED;
  }

  test.each(LINES.filter(([, { heading, page }]) => page === 'README.md' || heading !== 'Clients'))(
    '%s',
    async (_name, lines) => {
      for (const output of await run(lines)) expect(output).toContain(answerOf(lines.text));
    },
    TIMEOUT_MS,
  );

  test('what the page says to set first is what its lines need', () => {
    const [[, settings]] = LINES as unknown as [[string, DocumentedLines]];
    expect([...settings.text.matchAll(/^export (\w+)=/gm)].map(([, name]) => name)).toEqual([...SETTINGS]);
  });

  test('every client has its lines', () => {
    const headings = new Set(LINES.map(([, { heading }]) => heading));
    expect(headings).toEqual(
      new Set([
        ...['Clients', 'curl', 'fetch', 'requests', 'MCP'],
        ...['simstudio-ts-sdk 0.1.2', 'simstudio-sdk 0.1.2', 'simstudio-sdk 0.2.1', 'sim 2.1.28'],
      ]),
    );
  });
});

interface McpConfiguration {
  mcpServers: { tools: { url: string; headers: Record<string, string>; command?: string; args: string[] } };
}
