import { eventually } from '@tollgate/testing';
import type { Browser, Page } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { deployed, openBrowser, type Reader, signUpReader } from './reader.js';

const STEPS_MAX = 60;

describe('by keyboard alone', () => {
  let platform: Platform;
  let browser: Browser;
  let reader: Reader;
  let page: Page;
  let base: string;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    reader = await signUpReader(browser, platform.url, { motion: true });
    page = reader.page;
    base = `${platform.url}/w/${reader.workspaceId}`;
    await deployed(reader);
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);

  /** What has the focus: its name, whether that is seen, and whether it is in a dialog. */
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const ring = (of: Element) => getComputedStyle(of);
      const isRinged = (of: Element) => ring(of).outlineStyle !== 'none' && parseFloat(ring(of).outlineWidth) > 0;
      // A field shows its focus by its border, a switch by its track, a hidden radio by its label.
      const partner = element.id ? document.querySelector(`label[for="${element.id}"]`) : null;
      const isField = element.matches('input, textarea, select');
      return {
        name: (element.getAttribute('aria-label') ?? element.innerText ?? '').trim() || (element.id ?? ''),
        isSeen: isRinged(element) || isField || (partner !== null && isRinged(partner)),
        isInDialog: element.closest('[role="dialog"]') !== null,
        tag: element.tagName,
      };
    });
  /** Tabs on until something of that name has the focus; each stop on the way must be seen. */
  const tabTo = async (name: RegExp) => {
    for (let step = 0; step < STEPS_MAX; step++) {
      await page.keyboard.press('Tab');
      const now = await focused();
      if (now.tag !== 'BODY') expect([now.name, now.isSeen]).toEqual([now.name, true]);
      if (name.test(now.name)) return now;
    }
    throw new Error(`No stop within ${STEPS_MAX} is called ${name}`);
  };

  /** Waits until what is called so has the focus. */
  const focusIs = (name: RegExp) =>
    eventually(async () => expect((await focused()).name).toMatch(name), { timeoutMs: 10_000, everyMs: 50 });

  /** One may still be on its way out when the next is open. */
  const noDialog = () => page.waitForFunction(() => document.querySelector('[role="dialog"]') === null);

  /** Opens the menu that has the focus on its button; a menu that fades out after the one before is not taken for it. */
  const openMenu = async () => {
    await page.waitForFunction(() => document.querySelector('[role="menu"]') === null);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.closest('[role="menu"]') !== null);
  };

  /** Goes from a key's button for its actions to the question whether it is to be revoked. */
  const askToRevoke = async () => {
    await openMenu();
    await page.keyboard.press('ArrowDown');
    await focusIs(/^Revoke$/);
    await page.keyboard.press('Enter');
    await page.getByText('Revoke this key?').waitFor();
    // Whoever presses Enter without reading has revoked nothing.
    await page.waitForFunction(() => document.activeElement?.textContent === 'Cancel');
  };

  it('jumps over the navigation to the content', async () => {
    await page.goto(`${base}/logs`);
    await page.getByRole('heading', { name: 'Logs' }).waitFor();
    await page.keyboard.press('Tab');
    expect((await focused()).name).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo(/./);
    expect(await page.evaluate(() => document.activeElement?.closest('main') !== null)).toBe(true);
  }, 60_000);

  it('goes from page to page in the order they are read, and hears the new page', async () => {
    await page.goto(base);
    await page.getByRole('heading', { level: 1 }).waitFor();
    const names: string[] = [];
    await tabTo(/^Home/);
    for (let step = 0; step < 7; step++) names.push((await tabTo(/./)).name);
    expect(names).toEqual(['Workflows', 'MCP servers', 'Logs', 'Usage and bills', 'Members', 'Sim Keys', 'Workspace']);
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Sim Keys' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('content');
    expect(await page.title()).toBe('Sim Keys · Tollgate');
  }, 60_000);

  it('makes a key, copies it and revokes it; dialogs hold the focus, and what closes gives it back', async () => {
    await page.goto(`${base}/settings/keys`);
    await page.getByRole('heading', { name: 'You have no personal keys' }).waitFor();
    await tabTo(/^Create key$/);
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.waitFor();
    for (let step = 0; step < 9; step++) {
      await page.keyboard.press('Tab');
      expect((await focused()).isInDialog).toBe(true);
    }
    await page.keyboard.press('Escape');
    await noDialog();
    await page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Create key');
    await page.keyboard.press('Enter');
    await dialog.waitFor();
    await page.waitForFunction(() => document.activeElement?.matches('[role="dialog"] input'));
    await page.keyboard.type('by keyboard');
    await page.keyboard.press('Enter');
    const key = await page.locator('[data-shown-key]').inputValue();
    await page.keyboard.press('Escape');
    expect(await page.locator('[data-shown-key]').count()).toBe(1);
    await focusIs(/^Copy key$/);
    await page.keyboard.press('Enter');
    await focusIs(/^Copied$/);
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
    await tabTo(/^Done$/);
    await page.keyboard.press('Enter');
    await noDialog();
    // The button that opened the dialog went with the empty list: the same one stands above it.
    await focusIs(/^Create key$/);

    await tabTo(/^Actions for by keyboard$/);
    await openMenu();
    await page.keyboard.press('Escape');
    await focusIs(/^Actions for by keyboard$/);
    await askToRevoke();
    await page.keyboard.press('Enter');
    await noDialog();
    await focusIs(/^Actions for by keyboard$/);
    await askToRevoke();
    await tabTo(/^Revoke key$/);
    await page.keyboard.press('Enter');
    await page.locator('[data-receipt]').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('heading', { name: 'You have no personal keys' }).waitFor();
    await noDialog();
    // The row is gone: whoever reads on does so at the top of what is left.
    await page.waitForFunction(() => document.activeElement?.id === 'content');
    expect(reader.complaints).toEqual([]);
  }, 60_000);
});
