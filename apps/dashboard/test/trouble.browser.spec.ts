import { eventually } from '@tollgate/testing';
import type { Browser, Page } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { deployed, openBrowser, type Reader, signInAgain, signUpReader } from './reader.js';

const SHIFT_MAX = 0.1;

describe('when something goes wrong', () => {
  let platform: Platform;
  let browser: Browser;
  let reader: Reader;
  let page: Page;
  let base: string;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    reader = await signUpReader(browser, platform.url);
    page = reader.page;
    base = `${platform.url}/w/${reader.workspaceId}`;
    await deployed(reader);
    for (const name of ['one', 'two', 'three']) await reader.ask('POST', '/api/users/me/api-keys', { name });
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);

  it('goes on in another tab, which hears of what this one did', async () => {
    const other = await reader.context.newPage();
    await Promise.all([page.goto(`${base}/settings/keys`), other.goto(`${base}/settings/keys`)]);
    for (const tab of [page, other]) await tab.locator('[data-key-name="one"]').waitFor();
    const revoke = async (tab: Page) => {
      await tab.getByRole('button', { name: 'Actions for one' }).click();
      await tab.getByRole('menuitem', { name: 'Revoke' }).click();
      await tab.getByRole('button', { name: 'Revoke key' }).click();
    };
    await revoke(page);
    await page.locator('[data-receipt]').waitFor();
    await revoke(other);
    await other.getByText('API key not found. It may have been removed meanwhile.').waitFor();
    await other.getByRole('button', { name: 'Cancel' }).click();
    await other.locator('[data-key-name="one"]').waitFor({ state: 'detached' });

    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: /^Account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in');
    await other.getByRole('button', { name: 'Create key' }).first().click();
    await other.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('from the other tab');
    await other.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
    await signInAgain(other);
    await other.locator('[data-shown-key]').waitFor();
    await other.close();
  }, 60_000);

  it('keeps a workflow that was being written when the session ended', async () => {
    await page.goto(`${base}/workflows/new`);
    await page.getByRole('textbox', { name: 'Name' }).fill('Half written');
    await page.getByRole('textbox', { name: 'Expression' }).fill('{ "kept": true }');
    await reader.context.clearCookies();
    await page.getByRole('button', { name: 'Create workflow' }).click();
    await signInAgain(page);
    await page.getByRole('heading', { name: 'Half written' }).waitFor();
    expect(await page.getByRole('textbox', { name: 'Expression' }).inputValue()).toBe('{ "kept": true }');
  }, 60_000);

  it.each([
    ['a control character', 'a\u0007b', /control/i],
    ['a hundred and fifty characters', 'x'.repeat(150), /100/],
    ['markup', '<img src=x onerror=alert(1)>', undefined],
    ['a turn of the text', '\u202eabc', /text-direction/],
    ['right-to-left and emoji', 'שלום 🔑👩‍👩‍👧 ﷽', undefined],
  ])(
    'takes %s in a name for what it is',
    async (_what, name, refusal) => {
      await page.goto(`${base}/settings/keys`);
      await page.getByRole('button', { name: 'Create key' }).first().click();
      const dialog = page.getByRole('dialog');
      await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
      await dialog.getByRole('button', { name: 'Create key' }).click();
      if (refusal) {
        await dialog.getByText(refusal).first().waitFor();
        expect(await dialog.getByRole('textbox', { name: 'Name' }).inputValue()).toBe(name);
      } else {
        await page.locator('[data-shown-key]').waitFor();
        await page.getByRole('button', { name: 'I have kept it: close' }).click();
        await page
          .locator('[data-key-name]')
          .filter({ hasText: name.slice(0, 12) })
          .first()
          .waitFor();
      }
      expect(reader.complaints).toEqual([]);
    },
    60_000,
  );

  it('says that there is nothing at an address of junk', async () => {
    for (const path of [
      '/w/%00',
      '/w/nobody/logs',
      `/w/${reader.workspaceId}/nothing`,
      '/w/..%2f..%2fetc',
      '/operator/x',
    ]) {
      await page.goto(platform.url + path).catch(() => undefined);
      await page
        .getByText(/There is nothing here|Not Found|not found/i)
        .first()
        .waitFor();
    }
    await page.goto(`${base}/workflows/nothing`);
    await page
      .getByText(/Not found/)
      .first()
      .waitFor();
    await page.goto(`${base}/settings/keys?tab=junk`);
    await page.getByRole('tab', { name: 'Personal', selected: true }).waitFor();
    expect(reader.complaints).toEqual([]);
  }, 60_000);

  it('shows what is coming on a slow network, without jumping when it comes', async () => {
    const context = await browser.newContext({ storageState: await reader.context.storageState() });
    const slow = await context.newPage();
    slow.setDefaultTimeout(15_000);
    const line = await context.newCDPSession(slow);
    await line.send('Network.enable');
    await line.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 400,
      downloadThroughput: 200_000,
      uploadThroughput: 100_000,
    });
    for (const path of ['', '/workflows', '/logs', '/usage', '/members', '/settings/keys']) {
      await slow.goto(base + path, { waitUntil: 'commit' });
      await slow.locator('[aria-busy="true"]').first().waitFor();
      await slow.locator('[aria-busy="true"]').first().waitFor({ state: 'detached' });
      const shift = await slow.evaluate(
        () =>
          new Promise<number>((resolve) => {
            let sum = 0;
            const add = (list: PerformanceObserverEntryList) => {
              for (const entry of list.getEntries()) sum += (entry as unknown as { value: number }).value;
            };
            new PerformanceObserver(add).observe({ type: 'layout-shift', buffered: true });
            requestAnimationFrame(() => setTimeout(() => resolve(sum)));
          }),
      );
      console.info(`layout shift of ${path || '/'}: ${shift.toFixed(4)}`);
      expect([path, shift < SHIFT_MAX]).toEqual([path, true]);
    }
    await context.close();
  }, 90_000);

  it('says that the server is away, keeps what is typed, and goes on by itself when it is back', async () => {
    await page.goto(`${base}/settings/keys`);
    await page.locator('[data-key-name="two"]').waitFor();
    await platform.goAway();
    await page.getByRole('button', { name: 'Create key' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('while away');
    await dialog.getByRole('button', { name: 'Create key' }).click();
    await dialog.getByText('The server cannot be reached').waitFor();
    await page.getByText('What you see may be old').waitFor();
    await platform.comeBack();
    await page.getByText('What you see may be old').waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'Create key' }).click();
    await page.locator('[data-shown-key]').waitFor();
    await eventually(async () => {
      const { body } = await reader.ask('GET', '/api/users/me/api-keys');
      expect((body.keys as { name: string }[]).filter(({ name }) => name === 'while away')).toHaveLength(1);
    });
    expect(reader.complaints).toEqual([]);
  }, 90_000);
});
