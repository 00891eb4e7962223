import type { Browser, Page } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { deployed, execute, openBrowser, type Reader, signInAgain, signUpReader } from './reader.js';

describe('Sim Keys', () => {
  let platform: Platform;
  let browser: Browser;
  let reader: Reader;
  let page: Page;
  let workflowId: string;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    reader = await signUpReader(browser, platform.url);
    page = reader.page;
    workflowId = await deployed(reader);
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);
  beforeEach(() => page.goto(`${platform.url}/w/${reader.workspaceId}/settings/keys`));

  const create = async (name: string): Promise<string> => {
    await page.getByRole('button', { name: 'Create key' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
    await dialog.getByRole('button', { name: 'Create key' }).click();
    return page.locator('[data-shown-key]').inputValue();
  };
  const row = (name: string) => page.locator(`[data-key-name="${name}"]`);

  it('shows a new key once, to copy; it works at once, and not any more when revoke has answered', async () => {
    const key = await create('laptop');
    await page.getByRole('button', { name: 'Copy key' }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(key);
    await page.getByRole('button', { name: 'Done' }).click();
    expect(await page.content()).not.toContain(key);
    expect(await execute(platform.url, workflowId, key)).toBe(200);

    await row('laptop').getByRole('button', { name: 'Actions for laptop' }).click();
    await page.getByRole('menuitem', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: 'Revoke key' }).click();
    const receipt = page.locator('[data-receipt]');
    await receipt.waitFor();
    expect(await execute(platform.url, workflowId, key)).toBe(401);
    expect(await receipt.innerText()).toMatch(/stopped everywhere in (less than )?\d+ ms[\s\S]*\d+ ms/);
    await page.getByRole('button', { name: 'Done' }).click();
    await row('laptop').waitFor({ state: 'detached' });
  }, 60_000);

  it('forgets the key when the reader goes back, and never writes it down', async () => {
    await page.getByRole('link', { name: 'Members' }).click();
    await page.getByRole('link', { name: 'Sim Keys' }).click();
    const key = await create('short-lived');
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href]),
    );
    expect(kept).not.toContain(key);
    await page.goBack();
    await page.getByRole('heading', { name: 'Members' }).waitFor();
    await page.goForward();
    await row('short-lived').waitFor();
    expect(await page.content()).not.toContain(key);
    expect(await page.locator('[data-shown-key]').count()).toBe(0);
  }, 60_000);

  it('makes one key of a double click', async () => {
    await page.getByRole('button', { name: 'Create key' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('twice');
    await dialog.getByRole('button', { name: 'Create key' }).dblclick();
    await page.locator('[data-shown-key]').waitFor();
    const { body } = await reader.ask('GET', '/api/users/me/api-keys');
    expect((body.keys as { name: string }[]).filter(({ name }) => name.startsWith('twice'))).toHaveLength(1);
    expect(await page.getByRole('alert').filter({ hasText: 'already' }).count()).toBe(0);
  }, 60_000);

  it('says in the form that a name is taken', async () => {
    await create('taken');
    await page.getByRole('button', { name: 'I have kept it: close' }).click();
    await page.getByRole('button', { name: 'Create key' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox', { name: 'Name' }).fill('taken');
    await dialog.getByRole('button', { name: 'Create key' }).click();
    await dialog.getByText('A personal API key named "taken" already exists').waitFor();
    expect(await dialog.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('taken');
  }, 60_000);

  it('keeps what was typed when the session has ended, and goes on after signing in again', async () => {
    await page.getByRole('button', { name: 'Create key' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Create a personal key' });
    await dialog.getByRole('textbox', { name: 'Name' }).fill('typed before');
    await reader.context.clearCookies();
    await dialog.getByRole('button', { name: 'Create key' }).click();
    await signInAgain(page);
    await page.locator('[data-shown-key]').waitFor();
    await page.getByRole('button', { name: 'I have kept it: close' }).click();
    await row('typed before').waitFor();
  }, 60_000);

  it('stops personal keys by the switch, and lets them in again', async () => {
    const key = await create('switched');
    await page.getByRole('button', { name: 'I have kept it: close' }).click();
    const toggle = page.getByRole('switch', { name: 'Personal keys in this workspace' });
    await toggle.press('Space');
    await page
      .getByRole('dialog')
      .getByText(/no personal key works/)
      .waitFor();
    await page.getByRole('button', { name: 'Switch off' }).click();
    await page.getByText('Personal keys are refused here from now on.').waitFor();
    expect(await execute(platform.url, workflowId, key)).toBe(403);
    await toggle.press('Space');
    await page.getByText('Personal keys work here again.').waitFor();
    expect(await execute(platform.url, workflowId, key)).toBe(200);
  }, 60_000);

  it('shows the old name again, and says so, when a rename fails', async () => {
    await reader.ask('POST', `/api/workspaces/${reader.workspaceId}/api-keys`, { name: 'before' });
    await page.goto(`${platform.url}/w/${reader.workspaceId}/settings/keys?tab=workspace`);
    await page.route('**/api-keys/*', (route) =>
      route.request().method() === 'PUT'
        ? route.fulfill({ status: 500, json: { error: 'Internal server error' } })
        : route.continue(),
    );
    await row('before').getByRole('button', { name: 'Actions for before' }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('after');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByText('Not renamed: still “before”').waitFor();
    await row('before').waitFor();
    await page.unroute('**/api-keys/*');
  }, 60_000);

  it('notices that the server is away, and goes on when it is back', async () => {
    await page.getByRole('tab', { name: 'Personal' }).waitFor();
    await reader.context.setOffline(true);
    await page.getByRole('tab', { name: 'Workspace' }).click();
    await page.getByRole('tab', { name: 'Personal' }).click();
    await page.getByRole('button', { name: 'Create key' }).first().click();
    await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('while away');
    await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
    await page.getByRole('dialog').getByText('The server cannot be reached').waitFor();
    await reader.context.setOffline(false);
    await page.getByText('What you see may be old').waitFor({ state: 'detached', timeout: 10_000 });
    await page.getByRole('dialog').getByRole('button', { name: 'Create key' }).click();
    await page.locator('[data-shown-key]').waitFor();
    expect(reader.complaints).toEqual([]);
  }, 60_000);

  it('pages, finds and revokes among many keys', async () => {
    for (let index = 0; index < 60; index++) {
      await reader.ask('POST', `/api/workspaces/${reader.workspaceId}/api-keys`, { name: `batch ${index}` });
    }
    await page.goto(`${platform.url}/w/${reader.workspaceId}/settings/keys?tab=workspace`);
    await page.getByRole('button', { name: 'Page 2' }).waitFor();
    await page.getByRole('textbox', { name: 'Search keys' }).fill('batch 5');
    await page.getByText('11 of 61 keys').waitFor();
    await page.getByRole('checkbox', { name: 'Choose all on this page' }).check();
    await page.getByRole('button', { name: 'Revoke 11' }).click();
    await page.getByRole('textbox', { name: 'Type revoke to confirm' }).fill('revoke');
    await page.getByRole('button', { name: 'Revoke 11 keys' }).click();
    await page.locator('[data-receipt]').waitFor();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('textbox', { name: 'Search keys' }).fill('');
    await page.getByText('50 keys').waitFor();
  }, 120_000);
});
