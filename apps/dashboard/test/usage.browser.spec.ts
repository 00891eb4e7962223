import { readFileSync } from 'node:fs';
import { eventually } from '@tollgate/testing';
import type { Browser, Page } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { deployed, execute, openBrowser, type Reader, signUpReader } from './reader.js';

const RUNS = { laptop: 2, server: 3 };

describe('usage and bills', () => {
  let platform: Platform;
  let browser: Browser;
  let payer: Reader;
  let page: Page;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    payer = await signUpReader(browser, platform.url);
    page = payer.page;
    const workflows = { laptop: await deployed(payer), server: await deployed(payer, '$error("no")', 'Failing') };
    for (const [name, count] of Object.entries(RUNS) as [keyof typeof RUNS, number][]) {
      const made = await payer.ask('POST', '/api/users/me/api-keys', { name });
      const { key } = made.body.key as { key: string };
      for (let run = 0; run < count; run++) await execute(platform.url, workflows[name], key);
    }
    await eventually(
      async () => {
        const { body } = await payer.ask('GET', '/api/billing/reports');
        expect((body.total as { requests: number }).requests).toBe(5);
      },
      { timeoutMs: 10_000 },
    );
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);
  beforeEach(async () => {
    await page.goto(`${platform.url}/w/${payer.workspaceId}/usage`);
    await page.locator('.recharts-bar-rectangle path').first().waitFor();
  });

  it('stack the days by workspace, key or workflow, as cost or runs, failed runs included', async () => {
    const chart = page.getByRole('img', { name: /by day, stacked by/ });
    const names = { Key: ['laptop', 'server'], Workflow: ['Sample', 'Failing'] };
    for (const [by, expected] of Object.entries(names)) {
      await page.getByRole('radiogroup', { name: 'Stacked by' }).getByText(by).click();
      for (const name of expected) await chart.getByText(name).waitFor();
      for (const name of expected) await page.getByRole('table').getByRole('cell', { name }).waitFor();
    }
    expect(await page.locator('[data-figure="cost"]').innerText()).toBe('$0.025');
    await page.getByRole('radiogroup', { name: 'Measure' }).getByText('Runs').click();
    await page.getByRole('img', { name: /^Runs by day/ }).waitFor();
    expect(await page.locator('[data-figure="runs"]').innerText()).toBe('5');
    expect(page.url()).toContain('by=workflow');
  }, 60_000);

  it('show limits as gauges, and the proof that the bill is the log, with its position and time', async () => {
    await page.getByText('$0.025 of $5.00').waitFor();
    await page.getByRole('progressbar', { name: 'Allowance of the plan free: 1 % used' }).waitFor();
    await page.getByRole('progressbar', { name: /^Runs, synchronous: \d+ % used$/ }).waitFor();
    const proof = page.locator('[data-proof="0"]');
    await proof.getByText('bill = log: difference 0').waitFor();
    expect(await proof.innerText()).toMatch(
      /5 runs in the log for \$0\.025, 5 on the bill for \$0\.025; compared up to/,
    );
    expect(await proof.innerText()).toMatch(/position \S*\d/);
    expect(await proof.locator('time').getAttribute('title')).toMatch(/UTC$/);
  }, 60_000);

  it('go to another month and back, by arrows and by the address', async () => {
    expect(await page.getByRole('button', { name: 'Month after' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Month before' }).click();
    await page.getByText('Nothing was run on your bill in this month.').waitFor();
    expect(await page.locator('[data-figure="cost"]').innerText()).toBe('$0.00');
    await page.getByRole('button', { name: 'Month after' }).click();
    await page.locator('.recharts-bar-rectangle path').first().waitFor();
    await page.goto(`${platform.url}/w/${payer.workspaceId}/usage?month=2024-02&by=junk&x=%00`);
    await page.getByText('Cost of February 2024').waitFor();
    await page.getByText('Nothing was run on your bill in this month.').waitFor();
  }, 60_000);

  it('download reports that open: their rows add up to their total, exactly', async () => {
    const fetched = async (name: string) => {
      await page.getByRole('button', { name: 'Report' }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name, exact: true }).click(),
      ]);
      return { text: readFileSync(await download.path(), 'utf8'), file: download.suggestedFilename() };
    };
    await page.getByRole('radiogroup', { name: 'Stacked by' }).getByText('Key').click();
    const csv = await fetched('By day and key, CSV');
    expect(csv.file).toMatch(/^tollgate-\d{4}-\d\d-by-day-and-key\.csv$/);
    const [head, ...lines] = csv.text.trim().split('\r\n');
    expect(head).toBe('day,keyId,keyName,keyType,requests,durationMs,cost');
    const cells = lines.map((line) => line.split(','));
    expect(cells.at(-1)).toEqual(['total', '', '', '', '5', expect.any(String), '0.025000']);
    const sum = cells.slice(0, -1).reduce((total, row) => total + BigInt(row[6]!.replace('.', '')), 0n);
    expect(sum).toBe(25_000n);

    const { rows, total } = JSON.parse((await fetched('By key, JSON')).text) as {
      rows: { keyName: string; requests: number; cost: string }[];
      total: unknown;
    };
    expect(rows.map(({ keyName, requests, cost }) => [keyName, requests, cost])).toEqual([
      ['server', 3, '0.015000'],
      ['laptop', 2, '0.010000'],
    ]);
    expect(total).toMatchObject({ requests: 5, cost: '0.025000' });
    expect(payer.complaints).toEqual([]);
  }, 60_000);
});
