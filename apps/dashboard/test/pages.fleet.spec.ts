import { eventually } from '@tollgate/testing';
import type { Browser, Page } from 'playwright-core';
import { Fleet } from './fleet.js';
import { execute, openBrowser, type Reader, signUpReader } from './reader.js';

/** A fleet has eight processes, and services start again here. */
const [WAIT_MS, TEST_MS, START_MS] = [45_000, 240_000, 300_000];
const MS = String.raw`(less than 1|[\d,]+) ms`;
/** Longer than an answer waits for the fleet (10 s): who is silent under such a lease is pending, not fenced. */
const LONG_LEASE_MS = 30_000;

describe('the dashboard of a fleet: through its first gateway, with real Kafka, Redis and PostgreSQL', () => {
  let fleet: Fleet;
  let browser: Browser;
  let reader: Reader;
  let page: Page;
  let operator: Page;
  let workflowId: string;
  /** The second gateway by the name that it has in receipts. */
  let second: string;
  beforeAll(async () => {
    fleet = await Fleet.start();
    browser = await openBrowser();
    reader = await signUpReader(browser, fleet.urls[0]);
    page = reader.page;
    reader.context.setDefaultTimeout(WAIT_MS);
  }, START_MS);
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  }, START_MS);

  const at = (path: string) => `${fleet.urls[0]}/w/${reader.workspaceId}${path}`;
  const everywhere = (key: string) => Promise.all(fleet.urls.map((url) => execute(url, workflowId, key)));
  const issue = async (name: string) => {
    const { body } = await reader.ask('POST', '/api/users/me/api-keys', { name });
    return (body.key as { key: string }).key;
  };
  /** Asks the page to revoke a key, and gives the receipt that comes, which may take as long as an answer may. */
  const revoke = async (name: string) => {
    await page.goto(at('/settings/keys'));
    await page.getByRole('button', { name: `Actions for ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Revoke' }).click();
    await page.getByRole('button', { name: 'Revoke key' }).click();
    return page.locator('[data-receipt]');
  };

  it(
    'leads through the first minute; a run through the other gateway comes into log and bill before the reader’s eyes',
    async () => {
      await page.getByRole('button', { name: 'Deploy the sample' }).click();
      await page.getByRole('button', { name: 'Create a key' }).click();
      const curl = await page.getByRole('region', { name: 'curl snippet' }).innerText();
      const [, key = 'no key'] = /X-API-Key: (sk-sim-\w{32})/.exec(curl) ?? [];
      [, workflowId = 'no workflow'] = /workflows\/([\w-]+)\/execute/.exec(curl) ?? [];
      const log = await reader.context.newPage();
      await log.goto(at('/logs'));
      await log.getByText('No runs yet').waitFor();
      expect(await execute(fleet.urls[1], workflowId, key, { name: 'Ada' })).toBe(200);
      await log.locator('[data-run]').first().waitFor();
      await log.close();
      const arrival = page.locator('[data-arrived]');
      await arrival.getByText('On your bill of this month:').waitFor();
      expect(await arrival.innerText()).toContain('$0.005');
      await page.getByRole('link', { name: 'Usage and bills' }).first().click();
      await page.getByText('bill = log: difference 0').waitFor();
      await eventually(async () => expect(await page.locator('[data-figure="cost"]').innerText()).toBe('$0.005'));
    },
    TEST_MS,
  );

  it(
    'shows a receipt with both gateways and their milliseconds; both refuse the next request',
    async () => {
      const key = await issue('used everywhere');
      expect(await everywhere(key)).toEqual([200, 200]);
      const receipt = await revoke('used everywhere');
      await receipt.getByText(new RegExp(`stopped everywhere in ${MS}`)).waitFor();
      expect(await everywhere(key)).toEqual([401, 401]);
      const gateways = await fleet.gateways();
      expect(gateways).toHaveLength(2);
      for (const { id } of gateways) expect(await receipt.innerText()).toMatch(new RegExp(`${id}\\s+${MS}`));
      expect(await receipt.innerText()).not.toContain('fenced');
    },
    TEST_MS,
  );

  it(
    'names a stopped gateway as fenced when its lease has run out; what it was asked meanwhile it refuses when it wakes',
    async () => {
      const key = await issue('while one is stopped');
      expect(await everywhere(key)).toEqual([200, 200]);
      fleet.signal('gateway-2', 'SIGSTOP');
      const asked = execute(fleet.urls[1], workflowId, key);
      const receipt = await revoke('while one is stopped');
      await receipt.getByText(/stopped everywhere in [2-9],\d{3} ms/).waitFor();
      expect(await execute(fleet.urls[0], workflowId, key)).toBe(401);
      fleet.signal('gateway-2', 'SIGCONT');
      expect(await asked).toBe(401);
      [, second = ''] = /(gateway-\S+)\s+fenced/.exec(await receipt.innerText()) ?? [];
      const members = await eventually(async () => {
        const now = await fleet.gateways();
        expect(now.map(({ id }) => id)).toContain(second);
        return now;
      });
      const [other] = members.filter(({ id }) => id !== second);
      expect(await receipt.innerText()).toMatch(new RegExp(`${other?.id}\\s+${MS}`));
    },
    TEST_MS,
  );

  const row = (id: string) => operator.locator(`[data-gateway="${id}"]`);
  const service = (name: string) => operator.locator(`[data-service="${name}"]`);
  const all = (state: string) =>
    Promise.all(
      ['keys', 'billing', 'logs'].map((name) => service(name).getByText(state, { exact: true }).first().waitFor()),
    );

  it(
    'shows the operator who is gone and what does not answer, what that means, and that it is back',
    async () => {
      operator = await (await browser.newContext({ viewport: { width: 1280, height: 850 } })).newPage();
      operator.setDefaultTimeout(WAIT_MS);
      await operator.goto(`${fleet.urls[0]}/operator`);
      await operator.getByRole('textbox', { name: 'Admin key' }).fill(fleet.adminKey);
      await operator.getByRole('button', { name: 'Open' }).click();
      await operator.getByRole('tab', { name: 'Gateways' }).click();
      for (const { id } of await fleet.gateways()) {
        await row(id).getByText('for 2.00 s').waitFor();
        expect(await row(id).innerText()).toMatch(new RegExp(`${id}\\s+\\d+\\s+0\\s`));
      }
      await all('ready');
      const [key, before] = [await issue('meanwhile'), await fleet.gateways()];
      for (const name of ['gateway-2', 'billing', 'kafka']) fleet.signal(name, 'SIGKILL');
      await row(second)
        .getByText(/^silent for/)
        .waitFor();
      await service('billing').getByText('does not answer').waitFor();
      await service('billing').getByText('Runs go on, and are billed when it is back.').waitFor();
      const recorder = service('logs').locator('[data-part="follower:logs-recorder"]');
      await recorder.getByText('The event log (Kafka or PostgreSQL)').last().waitFor();
      await recorder.getByText('not ready').waitFor();
      await row(before.find(({ id }) => id !== second)?.id ?? '')
        .getByText('holds')
        .waitFor();
      expect(await execute(fleet.urls[0], workflowId, key)).toBe(200);
      await page.goto(at('/usage'));
      await page.getByText('Not available just now').first().waitFor();

      await fleet.again('kafka');
      await Promise.all([fleet.again('billing'), fleet.again('gateway-2', { LEASE_MS: `${LONG_LEASE_MS}` })]);
      await all('ready');
      const [fresh] = (await fleet.gateways()).filter(({ leaseMs }) => leaseMs === LONG_LEASE_MS);
      await row(fresh?.id ?? 'nobody')
        .getByText('for 30.0 s')
        .waitFor();
      second = fresh?.id ?? '';
      const again = page.getByRole('button', { name: 'Try again' });
      for (let left = await again.count(); left > 0; left -= 1) await again.nth(left - 1).click();
      await page.getByText('Not available just now').first().waitFor({ state: 'detached' });
      // Each run so far that was answered 200, the one without billing included: six.
      await eventually(
        async () => {
          await page.reload();
          await page.locator('[data-figure="cost"]').filter({ hasText: '$0.03' }).waitFor({ timeout: 5_000 });
        },
        { timeoutMs: WAIT_MS },
      );
    },
    TEST_MS,
  );

  it(
    'shows honestly that a revoke and a switch are pending while a gateway is silent under a long lease, and completes both',
    async () => {
      const key = await issue('slow to stop');
      expect(await everywhere(key)).toEqual([200, 200]);
      const other = await reader.context.newPage();
      await other.goto(at('/settings/keys'));
      const toggle = other.getByRole('switch', { name: 'Personal keys in this workspace' });
      await toggle.waitFor();
      fleet.signal('gateway-2', 'SIGSTOP');
      const [receipt] = await Promise.all([
        revoke('slow to stop'),
        toggle.press('Space').then(() => other.getByRole('button', { name: 'Switch off' }).click()),
      ]);
      for (const shown of [receipt, other.getByRole('alert')])
        await shown.getByText(`Not confirmed yet: ${second}.`).waitFor();
      await receipt.getByText('stopped, not yet everywhere').waitFor();
      fleet.signal('gateway-2', 'SIGCONT');
      await receipt.getByText(/stopped everywhere in \d\d,\d{3} ms/).waitFor();
      await other.getByText('Done everywhere').waitFor();
      expect(await receipt.innerText()).toMatch(new RegExp(`${second}\\s+\\d\\d,\\d{3} ms`));
      expect(await everywhere(key)).toEqual([401, 401]);
      await other.close();
    },
    TEST_MS,
  );

  it(
    'shows the old name again when PostgreSQL is away, says what to do, and renames when it is back',
    async () => {
      await reader.ask('POST', `/api/workspaces/${reader.workspaceId}/api-keys`, { name: 'before' });
      await page.goto(at('/settings/keys?tab=workspace'));
      await page.getByRole('button', { name: 'Actions for before' }).click();
      await page.getByRole('menuitem', { name: 'Rename' }).click();
      await page.getByRole('dialog').getByRole('textbox', { name: 'Name' }).fill('after');
      let reads = 0;
      page.on('request', (asked) => (reads += asked.method() === 'GET' && asked.url().endsWith('/api-keys') ? 1 : 0));
      fleet.signal('postgres', 'SIGKILL');
      await page.getByRole('button', { name: 'Rename' }).click();
      await page.getByText('Not renamed: still “before”').waitFor();
      await page.locator('[data-key-name="before"]').waitFor();
      const fault = await page.getByRole('dialog').getByRole('alert').innerText();
      expect(fault).toMatch(/Not available just now[\s\S]*Try again/);
      // The list is read anew, four times in vain: the form does not wait for that.
      expect(reads).toBeLessThan(4);
      const database = service('keys').locator('[data-part="keys-database"]');
      await database.getByText('not ready').waitFor();
      await database.getByText('PostgreSQL: what this service reads or changes gets a 503').last().waitFor();
      await fleet.again('postgres');
      await database.getByText('good').waitFor();
      await page.getByRole('button', { name: 'Rename' }).click();
      await page.locator('[data-key-name="after"]').waitFor();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    },
    TEST_MS,
  );

  it(
    'takes a role back in the list when the keys service is away, or the member was removed meanwhile',
    async () => {
      const member = await signUpReader(browser, fleet.urls[0]);
      const path = `/api/workspaces/${reader.workspaceId}/members`;
      const added = await reader.ask('POST', path, { email: member.email, permission: 'read' });
      const { userId } = added.body.member as { userId: string };
      await member.context.close();
      await page.goto(at('/members'));
      const role = page.locator(`[data-member="${member.email}"]`).getByRole('combobox', { name: /^Role of/ });
      const choose = async (name: string) => {
        await role.click();
        await page.getByRole('option', { name }).click();
      };
      await role.waitFor();
      fleet.signal('keys', 'SIGKILL');
      await choose('Admin');
      const message = page.getByRole('alert').filter({ hasText: 'keeps the role read' });
      await message.getByText(/Not available just now: .*Try again in 5 seconds/).waitFor();
      expect(await role.inputValue()).toBe('Read');
      await service('keys').getByText('Nobody can sign in or change keys').waitFor();
      await fleet.again('keys');
      await choose('Write');
      await page.getByText('may now: ').waitFor();
      await all('ready');
      await reader.ask('DELETE', `${path}/${userId}`);
      await choose('Admin');
      await page.getByText(/keeps the role write/).waitFor();
      await page.locator(`[data-member="${member.email}"]`).waitFor({ state: 'detached' });
      expect(reader.complaints).toEqual([]);
    },
    TEST_MS,
  );
});
