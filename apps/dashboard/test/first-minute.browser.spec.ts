import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { eventually } from '@tollgate/testing';
import type { Browser } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { openBrowser, settled, signUpReader } from './reader.js';

/** What a program prints; rejects when it fails. */
const run = async (program: string, args: string[]) =>
  (await promisify(execFile)(program, args, { timeout: 20_000 })).stdout;

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

  it('leads from signing up to a run in the log and its cost in the usage, by the snippets as they are shown', async () => {
    const { page, complaints, workspaceId } = await signUpReader(browser, platform.url);
    await page.getByRole('button', { name: 'Deploy the sample' }).click();
    await page.getByRole('button', { name: 'Create a key' }).click();
    const curl = await page.getByRole('region', { name: 'curl snippet' }).innerText();
    const key = /X-API-Key: (sk-sim-\w{32})/.exec(curl)?.[1] ?? 'no key';
    const log = await page.context().newPage();
    await log.goto(`${platform.url}/w/${workspaceId}/logs`);
    await log.getByText('No runs yet').waitFor();

    expect(await run('bash', ['-c', `${curl} -sS`])).toContain('Hello, Ada!');
    const arrival = page.locator('[data-arrived]');
    await arrival.getByText('In the log:').waitFor();
    expect(await arrival.innerText()).toContain('$0.005');
    await arrival.getByText('On your bill of this month:').waitFor();
    await log.locator('[data-run]').first().waitFor();
    await page.getByRole('tab', { name: 'fetch' }).click();
    const script = await page.getByRole('region', { name: 'fetch snippet' }).innerText();
    expect(await run(process.execPath, ['--input-type=module', '-e', script])).toContain('Hello, Ada!');
    await page.getByRole('tab', { name: 'Python' }).click();
    const python = await page.getByRole('region', { name: 'Python snippet' }).innerText();
    expect(python).toContain(`headers={"X-API-Key": "${key}"}`);
    await page.getByRole('button', { name: 'Or run it from here' }).click();
    await page.getByRole('region', { name: 'Answer' }).getByText('Hello, Ada!').waitFor();

    await log.locator('[data-run]').nth(2).click();
    await log.getByRole('dialog', { name: 'Run' }).getByText('"greeting": "Hello, Ada!"').waitFor();
    await log.close();
    await page.getByRole('link', { name: 'Usage and bills' }).first().click();
    await page.getByText('bill = log: difference 0').waitFor();
    await eventually(async () => expect(await page.locator('[data-figure="cost"]').innerText()).toBe('$0.015'), {
      timeoutMs: 15_000,
    });
    expect(await page.content()).not.toContain(key);
    expect(complaints).toEqual([]);
  }, 60_000);

  it.each(['/sign-in', '/w/home'])('starts %s with less than 250 kB of gzipped JavaScript', async (path) => {
    const reader = path === '/w/home' ? await signUpReader(browser, platform.url) : undefined;
    const context = await browser.newContext({ storageState: await reader?.context.storageState() });
    const page = await context.newPage();
    const scripts: Promise<number>[] = [];
    page.on('response', (answer) => {
      if (answer.url().endsWith('.js')) scripts.push(answer.body().then((bytes) => gzipSync(bytes).length));
    });
    await page.goto(platform.url + (reader ? `/w/${reader.workspaceId}` : path));
    await settled(page);
    const bytes = (await Promise.all(scripts)).reduce((sum, size) => sum + size, 0);
    console.info(`first load of ${path}: ${bytes} bytes of gzipped JavaScript`);
    expect(bytes).toBeLessThan(FIRST_LOAD_BYTES_MAX);
    await context.close();
    await reader?.context.close();
  });

  it('is under a policy without inline code', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const answer = await page.goto(`${platform.url}/sign-in`);
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
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
