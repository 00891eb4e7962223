import type { Browser, Page } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { openBrowser, PASSWORD, type Reader, signUpReader } from './reader.js';

describe('members and invitations', () => {
  let platform: Platform;
  let browser: Browser;
  let owner: Reader;
  let page: Page;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    owner = await signUpReader(browser, platform.url);
    page = owner.page;
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);
  beforeEach(() => page.goto(`${platform.url}/w/${owner.workspaceId}/members`));

  let count = 0;
  /** Invites an address on the page and gives the link that is shown once. */
  const invite = async (email = `invited-${Date.now()}-${++count}@example.com`) => {
    await page.getByRole('button', { name: 'Add member' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'E-mail' }).fill(email);
    await dialog.getByRole('button', { name: 'Add member' }).click();
    const link = await page.getByRole('region', { name: 'Invitation link' }).innerText();
    await page.getByRole('button', { name: 'Done' }).click();
    return { email, link };
  };
  const waiting = (email: string) => page.locator(`[data-invitation="${email}"]`);

  it('lead somebody new from an invitation into the workspace; the invitation waits no more', async () => {
    const { email, link } = await invite();
    await waiting(email).getByText('Write').waitFor();
    expect(await page.content()).not.toContain(link);
    const context = await browser.newContext();
    const guest = await context.newPage();
    await guest.goto(link);
    await guest.getByRole('link', { name: 'Sign up' }).click();
    await guest.getByRole('textbox', { name: 'Name' }).fill('Grace Hopper');
    await guest.getByRole('textbox', { name: 'E-mail' }).fill(email);
    await guest.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await guest.getByRole('button', { name: 'Sign up' }).click();
    await guest.getByRole('button', { name: 'Join the workspace' }).click();
    await guest.waitForURL(`**/w/${owner.workspaceId}`);
    await guest.goto(link);
    await guest.getByRole('button', { name: 'Join the workspace' }).click();
    await guest.getByText('Invitation not found').waitFor();
    await context.close();
    await page.reload();
    await page.locator(`[data-member="${email}"]`).waitFor();
    expect(await waiting(email).count()).toBe(0);
  }, 60_000);

  it('end an invitation that is cancelled: it leaves the list and its link opens nothing', async () => {
    const { email, link } = await invite();
    await page.getByRole('button', { name: `Cancel the invitation of ${email}` }).click();
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: `Cancel the invitation of ${email}` }).click();
    await page.getByRole('button', { name: 'Cancel invitation' }).click();
    await page.getByText(`The link of ${email} opens nothing any more.`).waitFor();
    await waiting(email).waitFor({ state: 'detached' });
    const guest = await signUpReader(browser, platform.url);
    await guest.page.goto(link);
    await guest.page.getByRole('button', { name: 'Join the workspace' }).click();
    await guest.page.getByText('Invitation not found').waitFor();
    await guest.context.close();
  }, 60_000);

  it('change a role, take the payer’s place, and say so when the server refuses', async () => {
    const other = await signUpReader(browser, platform.url);
    await owner.ask('POST', `/api/workspaces/${owner.workspaceId}/members`, { email: other.email, permission: 'read' });
    await page.reload();
    const role = page.locator(`[data-member="${other.email}"]`).getByRole('combobox', { name: /^Role of/ });
    await role.click();
    await page.getByRole('option', { name: 'Admin' }).click();
    await page.getByText('may now: everything').waitFor();

    await page.goto(`${platform.url}/w/${owner.workspaceId}/settings/workspace`);
    const payer = page.getByRole('combobox', { name: 'Billed account' });
    // One process that fails at this change alone cannot be had: this answer is played.
    await page.route(`**/api/workspaces/${owner.workspaceId}`, (route) => route.fulfill({ status: 500, json: {} }));
    await payer.click();
    await page.getByRole('option', { name: other.email }).click();
    await page.getByText('The billed account did not change').waitFor();
    expect(await payer.inputValue()).toContain(owner.email);
    await page.unroute(`**/api/workspaces/${owner.workspaceId}`);
    await payer.click();
    await page.getByRole('option', { name: other.email }).click();
    await page.getByText('From the next run on, the new account pays.').waitFor();
    await page.goto(`${platform.url}/w/${owner.workspaceId}/members`);
    await page.locator(`[data-member="${other.email}"]`).getByText('pays').waitFor();
    await page
      .locator(`[data-member="${other.email}"]`)
      .getByRole('button', { name: /^Remove/ })
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('The billed account cannot be removed: bill another workspace admin first').waitFor();
    expect(owner.complaints).toEqual([]);
    await other.context.close();
  }, 60_000);
});
