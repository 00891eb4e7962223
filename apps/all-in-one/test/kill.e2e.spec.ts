import { eventually } from '@tollgate/testing';
import { execute, getWithKey, operate, Person } from './person.js';
import { RunningPlatform } from './running-platform.js';

const KILLS = 10;
const CLIENTS = 6;
/** Between two kills the platform lives for 100 to 900 ms under load. */
const LIFE_MS = { least: 100, spread: 800 };
const SEED = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000);

/** Park-Miller: a seed gives the same moments again. */
function randomOf(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

describe(`the platform killed ${KILLS} times under load (KILL_SEED=${SEED})`, () => {
  let platform: RunningPlatform;
  beforeAll(async () => void (platform = await RunningPlatform.start()));
  afterAll(() => platform.dispose());

  test('every run that was answered is in the bill once and in the log once, and reconciliation says 0', async () => {
    const random = randomOf(SEED);
    const ada = await Person.signUp(platform);
    const workspaceId = await ada.workspace();
    const workflowId = await ada.workflow(workspaceId);
    const { key, id: keyId } = await ada.workspaceKey(workspaceId);
    await operate(platform, 'PUT', `/users/${ada.userId}/plan`, { plan: 'enterprise' });

    const answered = new Set<string>();
    let asked = 0;
    let isOver = false;
    const load = Array.from({ length: CLIENTS }, async () => {
      while (!isOver) {
        asked += 1;
        const answer = await execute(platform, workflowId, key, { asked }).catch(() => undefined);
        if (answer?.status === 200) answered.add(answer.body.executionId);
        else await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
    try {
      for (let kill = 0; kill < KILLS; kill += 1) {
        await new Promise((resolve) => setTimeout(resolve, LIFE_MS.least + random() * LIFE_MS.spread));
        await platform.end('SIGKILL');
        await platform.again();
      }
    } finally {
      isOver = true;
      await Promise.all(load);
    }

    const billed = await eventually(
      async () => {
        const { rows } = await ada.ok('GET', '/api/billing/reports?groupBy=key');
        const reconciled = await ada.ok('GET', '/api/billing/reconciliation');
        expect(reconciled).toMatchObject({ difference: 0, missing: [], extra: [], asOf: { complete: true } });
        expect(rows).toMatchObject([{ keyId }]);
        expect(reconciled.runs).toBe(rows[0].requests);
        expect(reconciled.runs).toBeGreaterThanOrEqual(answered.size);
        return reconciled.billed as number;
      },
      { timeoutMs: 10_000, everyMs: 100 },
    );
    const logged = await everyRunId(platform, workspaceId, key);

    console.info(`${asked} asked, ${answered.size} answered, ${billed} billed, ${logged.length} logged`);
    expect(answered.size).toBeGreaterThan(50);
    expect(new Set(logged).size).toBe(logged.length);
    expect(logged.length).toBe(billed);
    const inLog = new Set(logged);
    expect([...answered].filter((runId) => !inLog.has(runId))).toEqual([]);
  }, 180_000);
});

/** Runs that went well: refused attempts (429) are in the log too, as errors, and no run here fails. */
async function everyRunId(platform: RunningPlatform, workspaceId: string, key: string): Promise<string[]> {
  const found: string[] = [];
  for (let cursor = ''; ;) {
    const at = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { body, status } = await getWithKey(
      platform,
      `/api/v1/logs?workspaceId=${workspaceId}&level=info&limit=1000${at}`,
      key,
    );
    if (status !== 200) throw new Error(`the log answered ${status}: ${JSON.stringify(body)}`);
    found.push(...body.data.map((entry: { executionId: string }) => entry.executionId));
    if (body.nextCursor === undefined) return found;
    cursor = body.nextCursor;
  }
}
