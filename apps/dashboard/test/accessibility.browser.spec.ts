import type { Browser, Page } from 'playwright-core';
import { ADMIN_KEY, type Platform, startPlatform } from './platform.js';
import { ALL_LOOKS, deployed, execute, faultsOf, openBrowser, type Reader, settled, signUpReader } from './reader.js';

/** The longest names that there may be: nowhere to break, from right to left, and of signs outside the first plane. */
const LONG = 'W'.repeat(100);
const RTL = 'שלום'.repeat(25);
const EMOJI = '🗝'.repeat(100);
const LINK = `request=${'r'.repeat(43)}&challenge=${'c'.repeat(43)}&pairing=ABCD-2345&scope=platform`;

/** Each page, dialog, menu and drawer: axe finds nothing serious, and nothing is wider than the window, whatever the names. */
describe('what is shown', () => {
  let platform: Platform;
  let browser: Browser;
  let owner: Reader;
  let member: Reader;
  let page: Page;
  let base: string;
  let workflowId: string;
  let invitation: string;
  let faults: string[];

  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    owner = await signUpReader(browser, platform.url, { name: LONG });
    member = await signUpReader(browser, platform.url, { name: RTL });
    page = owner.page;
    base = `/w/${owner.workspaceId}`;
    const at = `/api/workspaces/${owner.workspaceId}`;
    await owner.ask('PATCH', at, { name: LONG });
    await owner.ask('POST', `${at}/members`, { email: member.email, permission: 'write' });
    const invited = await owner.ask('POST', `${at}/members`, {
      email: `${'i'.repeat(60)}@example.com`,
      permission: 'read',
    });
    invitation = new URL((invited.body.invitation as { link: string }).link).pathname;
    workflowId = await deployed(owner, '{ "hello": name }', LONG);
    const failing = await deployed(owner, `$error("${LONG}")`, RTL);
    const { workspaceId } = owner;
    const upstream = { kind: 'http', url: `https://example.com/${LONG}` };
    await owner.ask('POST', '/api/workflows', { workspaceId, name: EMOJI, description: LONG, runner: upstream });
    for (const name of [LONG, EMOJI]) {
      await owner.ask('POST', '/api/mcp/workflow-servers', {
        workspaceId,
        name,
        description: LONG,
        workflowIds: [workflowId],
      });
    }
    for (const name of [LONG, RTL, EMOJI]) {
      await owner.ask('POST', `${at}/api-keys`, { name });
      const made = await owner.ask('POST', '/api/users/me/api-keys', { name });
      const { key } = made.body.key as { key: string };
      for (const id of [workflowId, failing]) await execute(platform.url, id, key, { name: LONG });
    }
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);
  beforeEach(() => {
    faults = [];
  });
  afterEach(() => expect(owner.complaints).toEqual([]));

  const go = async (path: string) => {
    await page.goto(platform.url + path);
    await settled(page);
  };
  const look = async (what: string, looks?: typeof ALL_LOOKS) => {
    faults.push(...(await faultsOf(page, what, { looks })));
  };
  const press = (name: string | RegExp, exact = true) => page.getByRole('button', { name, exact }).first().click();
  const dialog = () => page.getByRole('dialog').last();
  /** Sees a dialog, and leaves it. */
  const lookAt = async (what: string, name: string | RegExp) => {
    await page.getByRole('dialog', { name }).waitFor();
    await look(what);
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name }).waitFor({ state: 'hidden' });
  };
  const lookAtMenu = async (what: string, button: string | RegExp, item: string) => {
    const open = async () => {
      await press(button);
      await page.getByRole('menuitem', { name: item }).waitFor();
    };
    faults.push(...(await faultsOf(page, what, { open })));
  };

  it('on every page keeps nobody out and fits', async () => {
    const paths = [
      '',
      '/workflows',
      '/workflows/new',
      `/workflows/${workflowId}`,
      '/mcp',
      '/logs',
      '/usage?by=key',
      '/members',
      '/settings/keys',
      '/settings/keys?tab=workspace',
      '/settings/workspace',
    ].map((path) => base + path);
    const elsewhere = [invitation, `/cli/auth?${LINK}`, '/cli/auth?request=cut', '/operator', '/sign-in', '/sign-up'];
    for (const path of [...paths, ...elsewhere, '/w/not-mine', '/nothing']) {
      await go(path);
      await look(path, ALL_LOOKS);
    }
    expect(faults).toEqual([]);
  }, 240_000);

  it('of keys and members keeps nobody out and fits', async () => {
    await go(`${base}/settings/keys?tab=workspace`);
    await press('Create key');
    await dialog().getByRole('combobox', { name: 'Expires' }).click();
    await page.getByRole('option', { name: 'On a date…' }).click();
    await dialog().getByRole('button', { name: 'Create key' }).click();
    await look('create a key, with faults');
    await dialog()
      .getByRole('textbox', { name: 'Name' })
      .fill(`${'x'.repeat(99)}!`);
    await dialog().getByRole('combobox', { name: 'Expires' }).click();
    await page.getByRole('option', { name: 'In 7 days' }).click();
    await dialog().getByRole('button', { name: 'Create key' }).click();
    await page.locator('[data-shown-key]').waitFor();
    await look('key shown once');
    await press('I have kept it: close');
    await lookAtMenu('menu of a key', `Actions for ${LONG}`, 'Rename');
    await press(`Actions for ${LONG}`);
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await lookAt('rename a key', /Rename/);
    await press(`Actions for ${LONG}`);
    await page.getByRole('menuitem', { name: 'Revoke' }).click();
    await page.getByRole('dialog', { name: 'Revoke this key?' }).waitFor();
    await look('revoke a key');
    await press('Revoke key');
    await page.locator('[data-receipt]').waitFor();
    await lookAt('receipt', 'Revoked');
    await page.getByRole('switch', { name: 'Personal keys in this workspace' }).press('Space');
    await dialog()
      .getByText(/It stops/)
      .waitFor();
    await lookAt('switch personal keys off', 'Switch personal keys off?');

    await go(`${base}/members`);
    await press('Add member');
    await dialog()
      .getByRole('textbox', { name: 'E-mail' })
      .fill(`${'n'.repeat(60)}@example.com`);
    await look('add a member');
    await dialog().getByRole('button', { name: 'Add member' }).click();
    await page.getByRole('region', { name: 'Invitation link' }).waitFor();
    await lookAt('invitation link', 'Invitation');
    await page.getByRole('combobox', { name: `Role of ${RTL}` }).click();
    await page.getByRole('option', { name: 'Admin' }).waitFor();
    await look('roles');
    await page.keyboard.press('Escape');
    await press(`Remove ${RTL}`);
    await lookAt('remove a member', /^Remove/);
    await press(/^Cancel the invitation of i/);
    await lookAt('cancel an invitation', 'Cancel this invitation?');
    expect(faults).toEqual([]);
  }, 240_000);

  it('of workflows and MCP servers keeps nobody out and fits', async () => {
    await go(`${base}/workflows/${workflowId}`);
    await press('Undeploy');
    await lookAt('undeploy', 'Undeploy this workflow?');
    await press('Delete');
    await lookAt('delete a workflow', 'Delete this workflow?');
    await page.getByRole('textbox', { name: 'Expression' }).fill(`{ "a": ${LONG} `);
    await page.getByText('This is not a JSONata expression').waitFor();
    await press('Input schema (optional)');
    await page.getByRole('textbox', { name: 'JSON Schema of the input' }).waitFor();
    await look('expression that is none');
    await page.getByRole('textbox', { name: 'Expression' }).fill(`{ "a": "${LONG}" }`);
    await press('Save changes');
    await page.getByText('needs redeploy').waitFor();
    await page.getByText('Saved. Deploy again').waitFor();
    await look('workflow that needs to be deployed again, and a message');
    for (const tab of ['Call it', 'MCP']) {
      await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('tabpanel', { name: tab }).waitFor();
      await look(`workflow, ${tab}`);
    }
    await go(`${base}/workflows/new`);
    await page.getByText('HTTP upstream').click();
    await press('Add header');
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill('Upstream');
    await page.getByRole('textbox', { name: 'URL' }).fill('https://example.com/hook');
    await look('workflow of an upstream');
    await page.getByRole('textbox', { name: 'Name of header 1' }).fill('X-Of-Mine');
    await page.getByRole('textbox', { name: 'Value of header 1' }).fill('value');
    await press('Create workflow');
    await page.getByRole('region', { name: 'Signing secret' }).waitFor();
    await look('signing secret');

    await go(`${base}/mcp`);
    await press('New server');
    await dialog()
      .getByRole('switch', { name: /^Public/ })
      .press('Space');
    await dialog().getByRole('combobox', { name: 'Tools' }).click();
    await page.getByRole('option').first().waitFor();
    await look('new MCP server');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'hidden' });
    await lookAtMenu('menu of an MCP server', `Actions for ${LONG}`, 'Edit');
    await press(`Actions for ${LONG}`);
    await page.getByRole('menuitem', { name: 'Delete' }).click();
    await lookAt('delete an MCP server', 'Delete this MCP server?');
    expect(faults).toEqual([]);
  }, 240_000);

  it('of runs, bills and the frame keeps nobody out and fits', async () => {
    await go(`${base}/logs?includeFinalOutput=true&includeTraceSpans=true`);
    await page.getByRole('combobox', { name: 'Workflows' }).click();
    await page.getByRole('option').first().waitFor();
    await look('filters of the log');
    await page.keyboard.press('Escape');
    for (const outcome of ['completed', 'failed']) {
      const run = page.locator('[data-run]').filter({ hasText: outcome }).first();
      await run.getByRole('button').click();
      await dialog().getByRole('region', { name: 'Input' }).waitFor();
      await lookAt(`${outcome} run`, 'Run');
    }
    await go(`${base}/usage?by=workflow`);
    await lookAtMenu('reports', 'Report', 'By day, CSV');
    await press(/^Month: /);
    await page.getByRole('button', { name: 'Jan' }).waitFor();
    await look('months');
    await go(base);
    await press('Show the first steps');
    await press('Create a key');
    await page.getByRole('region', { name: 'curl snippet' }).waitFor();
    await look('first steps');
    await press(/^Workspace .*: switch$/);
    await page.getByRole('menuitem', { name: 'New workspace' }).waitFor();
    await look('workspaces');
    await page.keyboard.press('Escape');
    await press(/^Workspace .*: switch$/);
    await page.getByRole('menuitem', { name: 'New workspace' }).click();
    await lookAt('new workspace', /workspace/);
    await lookAtMenu('account', /^Account/, 'Sign out');
    await page.setViewportSize({ width: 390, height: 844 });
    await press('Navigation');
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Members' }).waitFor();
    faults.push(...(await faultsOf(page, 'navigation')));
    expect(faults).toEqual([]);
  }, 240_000);

  it('to the operator, and to whose session has ended, keeps nobody out and fits', async () => {
    await go('/operator');
    await page.getByRole('textbox', { name: 'Admin key' }).fill(ADMIN_KEY);
    await press('Open');
    await page.getByRole('textbox', { name: 'E-mail' }).first().fill(owner.email);
    await press('Find');
    await page.getByRole('combobox', { name: 'Plan' }).waitFor();
    await look('operator, a person');
    await press('Suspend');
    await lookAt('suspend', /^Suspend/);
    await page.getByRole('textbox', { name: 'E-mail' }).first().fill(member.email);
    await press('Find');
    await page.getByText(`${member.email} · since`).waitFor();
    await press('Suspend');
    await dialog().getByRole('button', { name: 'Suspend' }).click();
    await page.locator('[data-receipt]').waitFor();
    await lookAt('receipt of a suspension', 'Suspended');
    await page.getByRole('tab', { name: 'Prices' }).click();
    await page.getByRole('textbox', { name: 'Dollars for each run' }).fill('0.006');
    await press('Announce price');
    await lookAt('announce a price', /price/i);
    await look('operator, prices');
    await page.getByRole('tab', { name: 'Gateways' }).click();
    await page.locator('[data-gateway]').first().waitFor();
    await look('operator, gateways');

    await go(`${base}/settings/keys`);
    await owner.context.clearCookies();
    await press('Create key');
    await dialog().getByRole('textbox', { name: 'Name' }).fill('late');
    await dialog().getByRole('button', { name: 'Create key' }).click();
    await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor();
    await look('session has ended');
    expect(faults).toEqual([]);
  }, 240_000);
});
