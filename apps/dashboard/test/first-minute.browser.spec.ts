import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { openBrowser, signUpReader } from './reader.js';

const FIRST_LOAD_BYTES_MAX = 250_000;

describe('the first minute', () => {
  let platform: Platform;
  let browser: Browser;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);

  it('leads from signing up to a run in the log and its cost in the usage', async () => {
    const { page, complaints, workspaceId } = await signUpReader(browser, platform.url);
    await page.getByRole('button', { name: 'Deploy the sample' }).click();
    await page.getByRole('button', { name: 'Create a key' }).click();
    const snippet = await page.getByRole('region', { name: 'curl snippet' }).innerText();
    expect(snippet).toMatch(/X-API-Key: sk-sim-\w{32}/);
    await page.getByRole('button', { name: 'Or run it from here' }).click();
    await page.getByText('Hello, Ada!').waitFor();
    const arrival = page.locator('[data-arrived]');
    await arrival.getByText('In the log:').waitFor({ timeout: 10_000 });
    expect(await arrival.innerText()).toContain('$0.005');
    await arrival.getByText('On your bill of this month:').waitFor({ timeout: 10_000 });

    await page.getByRole('link', { name: 'Logs', exact: true }).click();
    await page.locator('[data-run]').first().click();
    const drawer = page.getByRole('dialog', { name: 'Run' });
    await drawer.getByText('"greeting": "Hello, Ada!"').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('link', { name: 'Usage and bills' }).first().click();
    await page.getByText('bill = log: difference 0').waitFor();
    expect(await page.locator('[data-figure="cost"]').innerText()).toBe('$0.005');
    expect(page.url()).toContain(workspaceId);
    expect(complaints).toEqual([]);
  }, 60_000);

  it('starts with less than 250 kB of gzipped JavaScript, under a policy without inline code', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const scripts: Promise<number>[] = [];
    page.on('response', (answer) => {
      if (answer.url().endsWith('.js')) scripts.push(answer.body().then((bytes) => gzipSync(bytes).length));
    });
    const answer = await page.goto(`${platform.url}/sign-in`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
    console.info(`first load: ${bytes} bytes of gzipped JavaScript`);
    expect(bytes).toBeLessThan(FIRST_LOAD_BYTES_MAX);
    const policy = answer?.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(await page.locator('script:not([src])').count()).toBe(0);
    await context.close();
  });

  it('leaves unknown routes of the API their JSON 404', async () => {
    for (const path of ['/api/nothing', '/health/nothing', '/nothing.txt', '/assets/nothing.js']) {
      const answer = await fetch(`${platform.url}${path}`);
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([
        path,
        404,
        'application/json; charset=utf-8',
      ]);
    }
  });
});
