import { eventually } from '@tollgate/testing';
import type { Browser, Page } from 'playwright-core';
import { ADMIN_KEY, type Platform, startPlatform } from './platform.js';
import { deployed, execute, openBrowser, PASSWORD, type Reader, signUpReader } from './reader.js';

describe('the operator page', () => {
  let platform: Platform;
  let browser: Browser;
  let person: Reader;
  let page: Page;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    person = await signUpReader(browser, platform.url);
    page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(15_000);
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);
  beforeEach(async () => {
    await page.goto(`${platform.url}/operator`);
    await page.getByRole('textbox', { name: 'Admin key' }).fill(ADMIN_KEY);
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByRole('tab', { name: 'People' }).waitFor();
  });

  const find = async (email: string) => {
    await page.getByRole('textbox', { name: 'E-mail' }).first().fill(email);
    await page.getByRole('button', { name: 'Find' }).click();
    await page.getByText(email).first().waitFor();
  };

  it('lets nobody in with another key, and forgets the right one on a reload; it is written down nowhere', async () => {
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state, location.href, document.cookie]),
    );
    expect(kept).not.toContain(ADMIN_KEY);
    await page.reload();
    await page.getByRole('textbox', { name: 'Admin key' }).fill('wrong-key-but-long-enough');
    await page.getByRole('button', { name: 'Open' }).click();
    await page.getByText('This is not the admin key').waitFor();
    expect(await page.getByRole('tab', { name: 'People' }).count()).toBe(0);
  }, 60_000);

  it('creates an account that can sign in; an address that is taken is said', async () => {
    const email = `made-${Date.now()}@example.com`;
    const make = async () => {
      await page.getByRole('textbox', { name: 'Name' }).fill('Made by the operator');
      await page.getByRole('textbox', { name: 'E-mail' }).last().fill(email);
      await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
      await page.getByRole('button', { name: 'Create account' }).click();
    };
    await make();
    await page.getByText(`${email} can sign in now.`).waitFor();
    await make();
    await page.getByText('An account with this email already exists').waitFor();
    const guest = await (await browser.newContext()).newPage();
    await guest.goto(platform.url);
    await guest.getByRole('textbox', { name: 'E-mail' }).fill(email);
    await guest.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await guest.getByRole('button', { name: 'Sign in' }).click();
    await guest.getByRole('heading', { name: 'Your first workspace' }).waitFor();
    await guest.context().close();
  }, 60_000);

  it('suspends with a receipt and lets in again, and each holds at once', async () => {
    const held = await signUpReader(browser, platform.url);
    const workflowId = await deployed(held);
    const made = await held.ask('POST', '/api/users/me/api-keys', { name: 'held back' });
    const { key } = made.body.key as { key: string };
    expect(await execute(platform.url, workflowId, key)).toBe(200);
    await find(held.email);
    await page.getByRole('button', { name: 'Suspend', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).click();
    const receipt = page.locator('[data-receipt]');
    await receipt.waitFor();
    expect(await execute(platform.url, workflowId, key)).toBe(401);
    expect(await receipt.innerText()).toMatch(/stopped everywhere in (less than )?[\d,]+ ms/);
    await page.keyboard.press('Escape');
    await page.getByText('suspended', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Let in again' }).click();
    await page.getByText('Let in again.', { exact: true }).waitFor();
    expect(await execute(platform.url, workflowId, key)).toBe(200);
    await held.context.close();
  }, 60_000);

  it('changes a plan and a limit, which the person sees; a refusal leaves what was', async () => {
    await find(person.email);
    const plan = page.getByRole('combobox', { name: 'Plan' });
    // One process that fails at this change alone cannot be had: this answer is played.
    await page.route('**/plan', (route) => route.fulfill({ status: 500, json: {} }));
    await plan.click();
    await page.getByRole('option', { name: 'pro' }).click();
    await page.getByText('Still on the plan free').waitFor();
    expect(await plan.inputValue()).toBe('free');
    await page.unrouteAll();
    await plan.click();
    await page.getByRole('option', { name: 'pro' }).click();
    await page.getByText(`${person.email} is on the plan pro.`).waitFor();
    const limit = page.getByRole('textbox', { name: 'Limit of a month, in dollars' });
    await limit.fill('a lot');
    await page.getByText('Dollars like 12.50, or empty').waitFor();
    await limit.fill('12.50');
    await page.getByRole('button', { name: 'Set', exact: true }).click();
    await page.getByText('The limit holds from the next run on.').waitFor();
    await eventually(async () => {
      const { body } = await person.ask('GET', '/api/users/me/usage-limits');
      expect(body.usage).toMatchObject({ plan: 'pro', limit: 12.5 });
    });
  }, 60_000);

  it('announces a price after asking; the next run costs it', async () => {
    await page.getByRole('tab', { name: 'Prices' }).click();
    const price = page.getByRole('textbox', { name: 'Dollars for each run' });
    await price.fill('free');
    await page.getByRole('button', { name: 'Announce price' }).click();
    await page.getByText('Dollars like 0.005, at most 6 decimals').waitFor();
    await price.fill('0.007');
    await page.getByRole('button', { name: 'Announce price' }).click();
    await page.getByRole('dialog').getByText('$0.007 for each run of everybody').waitFor();
    await page.getByRole('dialog').getByRole('button', { name: 'Announce' }).click();
    await page.getByText(/\$0\.007 for each run, from/).waitFor();
    const workflowId = await deployed(person, '1', 'Priced');
    const made = await person.ask('POST', '/api/users/me/api-keys', { name: 'priced' });
    expect(await execute(platform.url, workflowId, (made.body.key as { key: string }).key)).toBe(200);
    await eventually(
      async () => {
        const { body } = await person.ask('GET', '/api/billing/reports?groupBy=key');
        expect(body.rows).toContainEqual(expect.objectContaining({ keyName: 'priced', cost: '0.007000' }));
      },
      { timeoutMs: 10_000 },
    );
  }, 60_000);

  it('shows the health of each part, what it follows and how far behind it is', async () => {
    const parts = page.getByRole('table', { name: 'Health of each part of this server' });
    for (const name of ['directory', 'spool', 'follower:billing-meter', 'follower:logs-recorder']) {
      const part = parts.getByRole('row').filter({ has: page.getByText(name, { exact: true }) });
      await part.getByText('good').waitFor();
    }
    const follower = parts.getByRole('row').filter({ hasText: 'follower:billing-meter' });
    expect(await follower.innerText()).toMatch(/position \S+ · head \S+/);
  }, 60_000);

  it('shows that the one process shares the directory and needs no lease', async () => {
    await page.getByRole('tab', { name: 'Gateways' }).click();
    const embedded = page.locator('[data-gateway="embedded"]');
    await embedded.getByText('none needed: it shares the directory').waitFor();
  }, 60_000);
});
