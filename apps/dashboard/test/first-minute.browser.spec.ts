import { spawn } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import { eventually } from '@tollgate/testing';
import type { Browser } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { openBrowser, settled, signUpReader } from './reader.js';

/** Waits until a program prints such words, and ends it: a client's own timers may keep it alive for long. */
const prints = (words: string, program: string, args: string[]) =>
  new Promise<void>((resolve, reject) => {
    const child = spawn(program, args, { timeout: 30_000 });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (!said.includes(words)) return;
        child.kill();
        resolve();
      });
    }
    child.once('close', (code) => reject(new Error(`${program} ended with ${code} and said: ${said}`)));
    child.once('error', reject);
  });

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
    const { page, complaints, workspaceId } = await signUpReader(browser, platform.url, { motion: true });
    await page.getByRole('button', { name: 'Deploy the sample' }).click();
    await page.getByRole('button', { name: 'Create a key' }).click();
    /** What the copy button of a language gives. */
    const copied = async (language: string) => {
      await page.getByRole('tab', { name: language }).click();
      await page.getByRole('button', { name: `Copy ${language} snippet` }).click();
      const shown = await page.getByRole('region', { name: `${language} snippet` }).innerText();
      expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(shown);
      return shown;
    };
    const curl = await copied('curl');
    const key = /X-API-Key: (sk-sim-\w{32})/.exec(curl)?.[1] ?? 'no key';
    const log = await page.context().newPage();
    await log.goto(`${platform.url}/w/${workspaceId}/logs`);
    await log.getByText('No runs yet').waitFor();

    await prints('Hello, Ada!', 'bash', ['-c', `${curl} -sS`]);
    const arrival = page.locator('[data-arrived]');
    await arrival.getByText('In the log:').waitFor();
    expect(await arrival.innerText()).toContain('$0.005');
    await arrival.getByText('On your bill of this month:').waitFor();
    const programs: [string, string, string[]][] = [
      ['fetch', process.execPath, ['--input-type=module', '-e']],
      ['Python', 'python3', ['-c']],
      ['TypeScript SDK', process.execPath, ['--input-type=module-typescript', '-e']],
    ];
    for (const [index, [language, program, args]] of programs.entries()) {
      await log.locator('[data-run]').nth(index).waitFor();
      expect(await log.locator('[data-run]').count()).toBe(index + 1);
      await prints('Hello, Ada!', program, [...args, await copied(language)]);
    }
    await page.getByRole('button', { name: 'Or run it from here' }).click();
    await page.getByRole('region', { name: 'Answer' }).getByText('Hello, Ada!').waitFor();

    await log
      .locator('[data-run]')
      .nth(programs.length + 1)
      .click();
    await log.getByRole('dialog', { name: 'Run' }).getByText('"greeting": "Hello, Ada!"').waitFor();
    await log.close();
    await page.getByRole('link', { name: 'Usage and bills' }).first().click();
    await page.getByText('bill = log: difference 0').waitFor();
    await eventually(async () => expect(await page.locator('[data-figure="cost"]').innerText()).toBe('$0.025'), {
      timeoutMs: 15_000,
    });
    expect(await page.content()).not.toContain(key);
    expect(complaints).toEqual([]);
  }, 90_000);

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

  it('tells visitors of unknown addresses on the page, and programs in JSON', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    for (const path of ['/nothing', '/health/nothing?a=1', '/apiary', '/%3Cb%3E']) {
      const answer = await page.goto(`${platform.url}${path}`);
      expect([path, answer?.status()]).toEqual([path, 404]);
      expect(answer?.headers()['content-security-policy']).toContain("script-src 'self'");
      await page.getByRole('heading', { name: 'There is nothing here' }).waitFor();
    }
    await page.getByRole('link', { name: 'To the start' }).click();
    await page.getByRole('button', { name: 'Sign in' }).waitFor();
    expect((await page.goto(`${platform.url}/api/nothing`))?.headers()['content-type']).toMatch(/json/);
    await context.close();
    const html = { accept: 'text/html' };
    const asked: [string, RequestInit?][] = [
      ...['/api', '/api/nothing', '/api?x'].map((path): [string, RequestInit] => [path, { headers: html }]),
      ['/nothing', { method: 'POST', headers: html }],
      ...['/api/nothing', '/health/nothing', '/nothing.txt', '/assets/nothing.js'].map((path): [string] => [path]),
    ];
    for (const [path, init] of asked) {
      const answer = await fetch(`${platform.url}${path}`, init);
      const type = answer.headers.get('content-type');
      expect([path, answer.status, type]).toEqual([path, 404, 'application/json; charset=utf-8']);
    }
  }, 60_000);

  it.each([
    ['/favicon.ico', 'image/x-icon'],
    ['/favicon.svg', 'image/svg+xml'],
  ])('has its sign at %s', async (path, type) => {
    const answer = await fetch(`${platform.url}${path}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(200);
  });
});
