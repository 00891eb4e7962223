import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, freePort } from '@tollgate/testing';
import { execute, Person } from './person.js';
import { writtenRequests } from './requests-file.js';
import { RunningPlatform } from './running-platform.js';

const run = promisify(execFile);
const TOOLS = join(import.meta.dirname, '../../../tools/dist');

describe('what a newcomer does after npm start', () => {
  let platform: RunningPlatform;
  const tools: ChildProcess[] = [];
  beforeAll(async () => void (platform = await RunningPlatform.start()));
  afterAll(async () => {
    for (const tool of tools) tool.kill('SIGKILL');
    await platform.dispose();
  });

  const env = () => ({ PATH: process.env.PATH, DATA_DIR: platform.dataDir });

  test('npm run seed prints a curl that works as it is', async () => {
    const { stdout, stderr } = await run(process.execPath, [join(TOOLS, 'seed.js')], { env: env() });
    expect(stderr).toContain(`Seeding the platform on ${platform.dataDir} at ${platform.url}\n`);
    const curls = stdout.split('\n\n').filter((block) => block.startsWith('curl -X POST'));

    expect(curls).toHaveLength(2);
    expect(stdout).toMatch(/Personal key {3}sk-sim-\w{32} .*\nWorkspace key {2}sk-sim-\w{32} /);
    const answers = await Promise.all(
      curls.map(async (curl) => (await run('sh', ['-c', curl], { env: env() })).stdout),
    );
    expect(answers.map((answer) => JSON.parse(answer).output)).toEqual([
      { greeting: 'Hello, world!', received: { inputs: {} } },
      { total: 15 },
    ]);
  });

  test('npm run seed prints a sign-in after which the bill can be asked for and the key be revoked', async () => {
    const { stdout } = await run(process.execPath, [join(TOOLS, 'seed.js')], { env: env() });
    const signIn = stdout.slice(stdout.indexOf('export KEY=')).trimEnd();
    const bill = `curl -sf -b cookies ${platform.url}/api/billing/reconciliation`;
    const revoke = `curl -sf -b cookies -X DELETE ${platform.url}/api/users/me/api-keys/$KEY_ID`;

    const script = `${signIn} -sfo answer\n${bill} && echo && ${revoke}`;
    const answers = (await run('sh', ['-c', script], { env: env(), cwd: platform.dataDir })).stdout.split('\n');

    expect(answers.map((answer) => JSON.parse(answer))).toEqual([
      expect.objectContaining({ difference: 0 }),
      expect.objectContaining({ success: true, receipt: expect.any(Object) }),
    ]);
  });

  test('npm run seed says what is wrong with its arguments', async () => {
    const wrong = run(process.execPath, [join(TOOLS, 'seed.js'), '--nothing'], { env: env() });

    await expect(wrong).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Unknown option '--nothing'.*\n$/),
    });
  });

  test('npm run seed says what it could not reach', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const nobody = run(process.execPath, [join(TOOLS, 'seed.js'), '--url', url], { env: env() });

    await expect(nobody).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`ECONNREFUSED ${url.slice('http://'.length)}`),
    });
  });

  test('npm run tail shows events as they happen, one CloudEvent a line, and no secret; Ctrl-C ends it', async () => {
    const tail = spawn(process.execPath, [join(TOOLS, 'tail.js')], { env: env(), stdio: ['ignore', 'pipe', 'pipe'] });
    tools.push(tail);
    let [shown, said] = ['', ''];
    tail.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
    tail.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await eventually(() => expect(said).toContain('Ctrl-C ends'), { timeoutMs: 20_000 });
    expect(said).toMatch(/^Reading the log of the platform on \S+: PostgreSQL at 127\.0\.0\.1:/);

    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    const { id, key } = await ada.personalKey();
    await execute(platform, workflowId, key);
    await ada.ok('DELETE', `/api/users/me/api-keys/${id}`);

    const happened = [
      ...['UserRegistered', 'WorkspaceCreated', 'MemberAdded', 'WorkflowDeployed', 'KeyCreated', 'KeyRevoked'],
      ...['RequestBilled', 'RunFinished'],
    ];
    const events = await eventually(() => {
      const lines = shown.split('\n').slice(0, -1);
      const parsed = lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))));
      expect(parsed.map(({ type }) => type.split('.').at(-1))).toEqual(expect.arrayContaining(happened));
      return parsed;
    });
    for (const event of events) expect(event).toMatchObject({ specversion: '1.0', id: expect.any(String) });
    expect(shown).toContain(id);
    for (const secret of [key, ada.password, ...ada.cookieValues]) expect(shown).not.toContain(secret);
    // What happened before it began is not shown.
    expect(shown).not.toContain('Seed');

    const gone = once(tail, 'exit');
    tail.kill('SIGINT');
    expect(await gone).toEqual([0, null]);
  });

  test('npm run tail says what is wrong with its arguments', async () => {
    const wrong = run(process.execPath, [join(TOOLS, 'tail.js'), '--topics', 'usage,nothing'], { env: env() });

    await expect(wrong).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--topics: nothing is not one'),
    });
  });

  test('npm run tail ends with one line when the platform is stopped', async () => {
    const stopped = await RunningPlatform.start();
    try {
      const tail = spawn(process.execPath, [join(TOOLS, 'tail.js')], {
        env: { ...env(), DATA_DIR: stopped.dataDir },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      tools.push(tail);
      let said = '';
      tail.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      await eventually(() => expect(said).toContain('Ctrl-C ends'), { timeoutMs: 20_000 });

      const gone = once(tail, 'exit');
      await stopped.end('SIGTERM');

      expect(await gone).toEqual([1, null]);
      expect(said).toMatch(/Ctrl-C ends\.\nThe database of the log is gone \(.*\)\. .*\n$/);
    } finally {
      await stopped.dispose();
    }
  }, 90_000);

  test('each request of docs/requests.http works, top to bottom', async () => {
    const words: Record<string, string> = {};
    const fill = (text: string) =>
      text.replaceAll(/\b(WORKSPACE|WORKFLOW|KEY_ID|KEY|JOB|EXECUTION|SERVER)\b/g, (word) => words[word] ?? word);
    let cookie = '';
    const statuses: [string, number][] = [];
    for (const { title, method, path, headers, body } of writtenRequests()) {
      const filled = Object.entries(headers).map(([name, value]) => [name, fill(value)] as const);
      const response = await fetch(platform.url + fill(path), {
        method,
        headers: { ...Object.fromEntries(filled), ...(cookie !== '' && { cookie }) },
        ...(body !== undefined && { body: fill(body) }),
      });
      const set = response.headers.getSetCookie();
      if (set.length > 0) cookie = set.map((line) => line.split(';')[0]).join('; ');
      const text = await response.text();
      const isJson = response.headers.get('content-type')?.startsWith('application/json');
      // eslint-disable-next-line @typescript-eslint/no-explicit-any -- whatever that route answers
      const answer = (isJson ? JSON.parse(text) : {}) as any;
      words.WORKSPACE ??= answer.workspace?.id;
      words.WORKFLOW ??= answer.workflow?.id;
      words.KEY ??= answer.key?.key;
      words.KEY_ID ??= answer.key?.id;
      words.JOB ??= answer.jobId;
      words.EXECUTION ??= answer.executionId;
      words.SERVER ??= answer.server?.id;
      // A tool that is not there is a 200 too.
      expect([title, answer]).toEqual([title, expect.not.objectContaining({ error: expect.anything() })]);
      statuses.push([title, response.status]);
    }

    expect(statuses.length).toBeGreaterThan(8);
    expect(statuses.filter(([, status]) => status !== 200 && status !== 202)).toEqual([]);
  });
});
