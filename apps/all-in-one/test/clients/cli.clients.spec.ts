import { ClientWorld, FAULT_TEXT } from './client-world.js';
import { CommandLine } from './command-line.js';

const TIMEOUT_MS = 60_000;

interface Outcome {
  code: number | null;
  /** What it printed: a result, or its error. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- judged member by member
  json: any;
  text: string;
}

describe('sim 2.1.28 works with the platform', () => {
  let world: ClientWorld;
  const made: CommandLine[] = [];
  let sim: (...args: string[]) => Promise<Outcome>;
  beforeAll(async () => {
    world = await ClientWorld.start();
    sim = simOf(world.keys.personal);
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const commandLine of made) commandLine.dispose();
    await world.dispose();
  });

  function simOf(key: string, workspaceId = world.workspaceId) {
    const env = { SIM_API_KEY: key, SIM_WORKSPACE: workspaceId, SIM_OUTPUT: 'json' };
    const commandLine = new CommandLine(world.url, env);
    made.push(commandLine);
    return async (...args: string[]): Promise<Outcome> => {
      const { code, text } = await commandLine.run(...args);
      const begin = text.search(/^[{[]/m);
      return { code, text, json: begin < 0 ? undefined : parsed(text.slice(begin)) };
    };
  }
  const data = async (of: Promise<Outcome>) => {
    const { code, json, text } = await of;
    if (code !== 0) throw new Error(`it ended with ${code}: ${text}`);
    return json;
  };
  const refusal = async (of: Promise<Outcome>) => {
    const { code, json, text } = await of;
    if (json?.error === undefined) throw new Error(`no error: ${text}`);
    return [code, json.error.code, json.error.message];
  };

  test(
    'whoami, workspaces and workflows tell what the key reaches',
    async () => {
      const { echo, draft } = world.workflows;
      const [whoami, workspaces, workspace, workflows, one] = await Promise.all([
        data(sim('whoami')),
        data(sim('workspaces', 'list')),
        data(simOf(world.keys.workspace)('workspaces', 'get')),
        data(sim('workflows', 'list')),
        data(sim('workflows', 'get', echo)),
      ]);
      expect(whoami).toMatchObject({
        authenticated: true,
        verification: { status: 'verified', keyType: 'personal', workspace: { id: world.workspaceId } },
      });
      expect(workspaces.data.map(({ id }: { id: string }) => id)).toEqual([world.workspaceId]);
      expect(workspace).toMatchObject({ id: world.workspaceId, memberCount: 1 });
      expect(
        workflows.data.map(({ id, isDeployed }: { id: string; isDeployed: boolean }) => [id, isDeployed]),
      ).toContainEqual([draft, false]);
      expect(one).toMatchObject({ id: echo, isDeployed: true });
    },
    TIMEOUT_MS,
  );

  test(
    'workflows run answers plainly, queued and followed; a run that fails ends the command with 1',
    async () => {
      const { echo, greeting, failing } = world.workflows;
      const [plain, queued, followed, failed] = await Promise.all([
        data(sim('workflows', 'run', echo, '--input', '{"n":1}')),
        data(sim('workflows', 'run', echo, '--input', '{"n":2}', '--async')),
        data(sim('workflows', 'run', greeting, '--input', '{"name":"Ada"}', '--follow')),
        sim('workflows', 'run', failing),
      ]);
      expect(plain).toMatchObject({ workflowId: echo, status: 'completed', output: { n: 1 } });
      expect(new URL(queued.statusUrl).pathname).toBe(`/api/v2/workflows/${echo}/runs/${queued.runId}`);
      expect(followed).toMatchObject({ success: true, output: { greeting: 'Hello, Ada' } });
      expect([failed.code, failed.text]).toEqual([1, expect.stringContaining(FAULT_TEXT)]);

      const ofEcho = ['--workflow', echo];
      const waited = await data(sim('workflows', 'runs', 'wait', queued.runId, ...ofEcho));
      expect(waited).toMatchObject({ runId: queued.runId, status: 'completed' });
      const [got, runs, log, logs, usage] = await Promise.all([
        data(sim('workflows', 'runs', 'get', queued.runId, ...ofEcho, '--include-output')),
        data(sim('workflows', 'runs', 'list', ...ofEcho)),
        data(sim('logs', 'get', plain.runId)),
        data(sim('logs', 'list', '--limit', '10', '--level', 'error')),
        data(sim('billing', 'logs')),
      ]);
      expect(got).toMatchObject({ status: 'completed', output: { n: 2 }, cost: { total: 0.005 } });
      const idsOf = (list: { data: { runId: string }[] }) => list.data.map(({ runId }) => runId);
      expect(idsOf(runs)).toEqual(expect.arrayContaining([plain.runId, queued.runId]));
      expect(log).toMatchObject({ finalOutput: { n: 1 }, client: { name: 'cli', version: '2.1.28' } });
      expect(logs.data[0]).toMatchObject({ status: 'failed', workflowId: failing });
      expect(idsOf(usage)).toEqual(expect.arrayContaining([plain.runId, queued.runId]));
    },
    TIMEOUT_MS,
  );

  test(
    'billing status tells the payer his credits and a workspace key none',
    async () => {
      const [own, ofWorkspace] = await Promise.all([
        data(sim('billing', 'status')),
        data(simOf(world.keys.workspace)('billing', 'status')),
      ]);
      expect(own).toMatchObject({ plan: 'free', status: 'active', credits: { limit: 1_000 } });
      expect(ofWorkspace).toMatchObject({ status: 'active', credits: null, storage: null });
    },
    TIMEOUT_MS,
  );

  test(
    'what is refused is told in the platform’s words',
    async () => {
      const { echo, draft } = world.workflows;
      const broke = await world.broke();
      const closed = await world.behindClosedDoor();
      const [rejected, ...refusals] = await Promise.all([
        simOf(world.badKey)('whoami'),
        refusal(simOf(world.badKey)('workflows', 'list')),
        refusal(simOf(world.keys.foreign)('workflows', 'run', echo)),
        refusal(sim('workflows', 'run', draft)),
        refusal(simOf(closed.key.key, closed.workspaceId)('workflows', 'list')),
        refusal(simOf(broke.key.key, broke.workspaceId)('workflows', 'run', broke.workflowId)),
        refusal(sim('logs', 'list', '--cursor', 'x')),
        refusal(sim('workflows', 'runs', 'get', 'unknown-run', '--workflow', echo)),
      ]);
      expect([rejected.code, rejected.json.verification.status]).toEqual([1, 'rejected']);
      expect(refusals).toEqual([
        [1, 'UNAUTHORIZED', expect.stringContaining('Invalid API key')],
        [1, 'NOT_FOUND', 'Workflow not found'],
        [1, 'FORBIDDEN', 'Workflow is not deployed'],
        [1, 'FORBIDDEN', expect.stringContaining('Personal API keys are not allowed for this workspace')],
        [1, 'USAGE_LIMIT_EXCEEDED', expect.stringContaining('Usage limit exceeded: $0.00 used of $0.00 limit.')],
        [1, 'BAD_REQUEST', expect.stringContaining('cursor is not a valid pagination cursor.')],
        [1, 'NOT_FOUND', 'Run not found'],
      ]);
    },
    TIMEOUT_MS,
  );
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
