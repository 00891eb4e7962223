import { eventually } from '@tollgate/testing';
import type { Browser, Page } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { deployed, openBrowser, type Reader, signUpReader } from './reader.js';

/** What each typed filter is called in the address, and in the question to the server. */
const PARAMETERS: Record<string, string> = {
  'Run id': 'executionId',
  'Longest, ms': 'maxDurationMs',
  'Shortest, ms': 'minDurationMs',
  'Cheapest, $': 'minCost',
  'Dearest, $': 'maxCost',
  From: 'startDate',
  To: 'endDate',
  'Folder ids': 'folderIds',
  Model: 'model',
};
const parameter = (label: string, url: string) => new URL(url).searchParams.get(PARAMETERS[label] ?? '');

describe('the log', () => {
  let platform: Platform;
  let browser: Browser;
  let reader: Reader;
  let page: Page;
  let key: string;
  let workflows: Record<'good' | 'bad', string>;
  const runs: { runId: string; requestId: string | null }[] = [];

  /** Runs a workflow as a program does that says who it is. */
  const run = async (workflowId: string, input: unknown) => {
    const answer = await fetch(`${platform.url}/api/workflows/${workflowId}/execute`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-api-key': key,
        'user-agent': 'night-job/7',
        'x-sim-client-info': 'night/7.1',
      },
      body: JSON.stringify(input),
    });
    const { executionId } = (await answer.json()) as { executionId: string };
    runs.push({ runId: executionId, requestId: answer.headers.get('x-request-id') });
    return executionId;
  };
  const shown = () => page.locator('[data-run]').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-run')));
  const shows = (expected: string[]) =>
    eventually(async () => expect(await shown()).toEqual(expected), { timeoutMs: 10_000, everyMs: 50 });
  const open = (search = '') => page.goto(`${platform.url}/w/${reader.workspaceId}/logs${search}`);

  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    reader = await signUpReader(browser, platform.url);
    page = reader.page;
    workflows = { good: await deployed(reader), bad: await deployed(reader, '$error("out of paper")', 'Printer') };
    const made = await reader.ask('POST', '/api/users/me/api-keys', { name: 'night job' });
    key = (made.body.key as { key: string }).key;
    await run(workflows.good, { name: 'Ada' });
    await run(workflows.bad, { page: 1 });
    await run(workflows.good, { name: 'Grace' });
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);

  it('shows a run in full: input, output, error, times, key, client, cost and request id', async () => {
    await open();
    const [good, bad] = runs;
    await page.locator(`[data-run="${good!.runId}"]`).click();
    const drawer = page.getByRole('dialog', { name: 'Run' });
    await drawer.getByRole('region', { name: 'Output' }).getByText('"hello": "Ada"').waitFor();
    await drawer.getByRole('region', { name: 'Input' }).getByText('"name": "Ada"').waitFor();
    const facts = await drawer.locator('dl').innerText();
    for (const fact of ['$0.005', 'night job (personal)', 'night-job/7', 'night/7.1', good!.runId, good!.requestId!]) {
      expect(facts).toContain(fact);
    }
    expect(facts).toMatch(/Client\s+night(-job)? 7/);
    expect(facts).toMatch(/Started[\s\S]*Ended[\s\S]*Duration\s+\d+ ms/);
    expect(await drawer.locator('time').first().getAttribute('title')).toMatch(/UTC$/);
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'hidden' });
    await page.locator(`[data-run="${bad!.runId}"]`).click();
    await drawer.getByText('out of paper').waitFor();
    expect(page.url()).toContain('run=');
    await page.goBack();
    await drawer.waitFor({ state: 'hidden' });
  }, 60_000);

  it('filters by everything that the API filters by, and by a link; the address and the server are told', async () => {
    const [ada, printer, grace] = runs.map(({ runId }) => runId) as [string, string, string];
    await open();
    await shows([grace, printer, ada]);
    await page.getByText('Failed', { exact: true }).first().click();
    await shows([printer]);
    await page.getByText('Completed', { exact: true }).first().click();
    await shows([grace, ada]);
    await page.getByRole('button', { name: /^Clear/ }).click();
    await page.getByRole('combobox', { name: 'Workflows' }).click();
    await page.getByRole('option', { name: 'Printer' }).click();
    await shows([printer]);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Clear/ }).click();
    await page.getByRole('combobox', { name: 'Triggers' }).click();
    await page.getByRole('option', { name: 'schedule' }).click();
    await page.getByText('No run passes these filters').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByRole('button', { name: 'More filters' }).click();
    const typed: [string, string, string[]][] = [
      ['Run id', ada, [ada]],
      ['Longest, ms', '100000', [grace, printer, ada]],
      ['Shortest, ms', '100000', []],
      ['Cheapest, $', '0.005', [grace, printer, ada]],
      ['Dearest, $', '0.001', []],
      ['From', '2030-01-01T00:00', []],
      ['To', '2030-01-01T00:00', [grace, printer, ada]],
      ['Folder ids', 'folder-1,folder-2', []],
      ['Model', 'gpt-4', []],
    ];
    for (const [label, text, expected] of typed) {
      const field = page.getByLabel(label, { exact: true });
      const asked = page.waitForRequest((request) => parameter(label, request.url()) !== null);
      await field.fill(text);
      const sent = parameter(label, (await asked).url());
      const isTime = label === 'From' || label === 'To';
      expect([label, isTime ? sent?.slice(0, 10) : sent]).toEqual([
        label,
        isTime ? new Date(text).toISOString().slice(0, 10) : text,
      ]);
      await page.waitForURL((url) => parameter(label, url.href) !== null);
      await shows(expected);
      await page.getByRole('button', { name: 'Clear 1' }).click();
      await shows([grace, printer, ada]);
      expect([label, await field.inputValue()]).toEqual([label, '']);
    }
    await page.getByRole('combobox', { name: 'Order' }).click();
    await page.getByRole('option', { name: 'Oldest first' }).click();
    await shows([ada, printer, grace]);
    const more = page.locator(`[data-more-of="${grace}"]`);
    expect(await more.count()).toBe(0);
    await page.getByRole('checkbox', { name: 'Output' }).check();
    await more.getByText('{"hello":"Grace"}').waitFor();
    await page.getByRole('checkbox', { name: 'Spans' }).check();
    await more.getByText(/^Sample · workflow · success · \d+ ms$/).waitFor();
    await page
      .locator(`[data-more-of="${printer}"]`)
      .getByText(/^Printer · workflow · error/)
      .waitFor();
    await page.reload();
    await more.getByText('{"hello":"Grace"}').waitFor();
    await page.getByRole('checkbox', { name: 'Output' }).uncheck();
    await page.getByRole('checkbox', { name: 'Spans' }).uncheck();
    await more.waitFor({ state: 'detached' });
    await open(`?level=error&workflowIds=${workflows.bad}`);
    await shows([printer]);
    await open('?minCost=a%20lot&level=loud&startDate=yesterday');
    await page.getByRole('alert').waitFor();
    await page.getByRole('button', { name: /^Clear/ }).click();
    await shows([grace, printer, ada]);
  }, 90_000);

  it('follows new runs as they come, marks them, and rests when it is told to', async () => {
    await open();
    await page.locator('[data-run]').nth(2).waitFor();
    const fresh = await run(workflows.good, { name: 'new' });
    await page.locator(`[data-run="${fresh}"].row-new`).waitFor();
    await page.getByRole('switch', { name: 'Live' }).press('Space');
    const unseen = await run(workflows.good, { name: 'unseen' });
    await eventually(
      async () => {
        const { body } = await reader.ask('GET', `/api/logs?workspaceId=${reader.workspaceId}`);
        expect((body.data as { executionId: string }[]).map(({ executionId }) => executionId)).toContain(unseen);
      },
      { timeoutMs: 10_000 },
    );
    expect(await shown()).not.toContain(unseen);
    await page.getByRole('switch', { name: 'Live' }).press('Space');
    await page.locator(`[data-run="${unseen}"]`).waitFor();
    expect(reader.complaints).toEqual([]);
  }, 60_000);
});
