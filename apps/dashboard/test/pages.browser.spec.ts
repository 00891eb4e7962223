import type { Browser } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { deployed, openBrowser, type Reader, signUpReader } from './reader.js';

describe('the pages', () => {
  let platform: Platform;
  let browser: Browser;
  let owner: Reader;
  let workflowId: string;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    owner = await signUpReader(browser, platform.url);
    workflowId = await deployed(owner);
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);

  it('show a reader nothing to change, by any address, and the API agrees', async () => {
    const reader = await signUpReader(browser, platform.url);
    await owner.ask('POST', `/api/workspaces/${owner.workspaceId}/members`, {
      email: reader.email,
      permission: 'read',
    });
    const base = `${platform.url}/w/${owner.workspaceId}`;
    const { page } = reader;
    await page.goto(`${base}/settings/keys?tab=workspace`);
    await page.getByText('An admin of the workspace can make one.').waitFor();
    expect(await page.getByRole('button', { name: 'Create key' }).count()).toBe(0);
    expect(await page.getByRole('switch', { name: 'Personal keys in this workspace' }).isDisabled()).toBe(true);
    await page.goto(`${base}/workflows/new`);
    await page.getByText('You may not make workflows here').waitFor();
    await page.goto(`${base}/workflows/${workflowId}`);
    await page.getByRole('tab', { name: 'Definition' }).waitFor();
    for (const name of ['Save changes', 'Deploy again', 'Undeploy', 'Delete']) {
      expect(await page.getByRole('button', { name }).count()).toBe(0);
    }
    await page.goto(`${base}/members`);
    await page.getByText(owner.email).waitFor();
    expect(await page.getByRole('button', { name: 'Add member' }).count()).toBe(0);
    const key = await reader.ask('POST', `/api/workspaces/${owner.workspaceId}/api-keys`, { name: 'no' });
    const deploy = await reader.ask('POST', `/api/workflows/${workflowId}/deploy`, {});
    expect([key.status, deploy.status]).toEqual([403, 403]);
    await reader.context.close();
  }, 60_000);

  it('make, try out, deploy, change and deploy again a workflow', async () => {
    const { page } = owner;
    await page.goto(`${platform.url}/w/${owner.workspaceId}/workflows/new`);
    await page.getByRole('textbox', { name: 'Name' }).fill('Tried out');
    const expression = page.getByRole('textbox', { name: 'Expression' });
    await expression.fill('{ "a": }');
    await page.getByText(/line 1, column 8/).waitFor();
    await expression.fill('($f := function($n) { $f($n) }; $f(1))');
    await page.getByText('No answer within 2 seconds').waitFor({ timeout: 10_000 });
    await expression.fill('{ "twice": number * 2 }');
    await page.getByRole('textbox', { name: 'Sample input' }).fill('{ "number": 21 }');
    await page.getByText('"twice": 42').waitFor();
    await page.getByRole('button', { name: 'Create workflow' }).click();
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    await page.getByText('deployed', { exact: true }).waitFor();
    await expression.fill('{ "thrice": number * 3 }');
    await page.getByRole('button', { name: 'Save changes' }).click();
    await page.getByText('needs redeploy').waitFor();
    await page.getByRole('button', { name: 'Deploy again' }).click();
    await page.getByText('deployed', { exact: true }).waitFor();
    await page.getByRole('tab', { name: 'Call it' }).click();
    const snippets = {
      curl: 'curl -X POST',
      fetch: 'await fetch',
      Python: 'urllib.request.urlopen',
      'TypeScript SDK': 'executeWorkflow',
    };
    for (const [language, words] of Object.entries(snippets)) {
      await page.getByRole('tab', { name: language }).click();
      await page
        .getByRole('region', { name: `${language} snippet` })
        .getByText(words)
        .waitFor();
    }
    await page.getByRole('button', { name: 'Undeploy' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Undeploy' }).click();
    await page.getByText('not deployed', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete workflow' }).click();
    await page.getByText('“Tried out” is deleted.').waitFor();
  }, 90_000);

  it('show the signing secret of an upstream once', async () => {
    const { page } = owner;
    await page.goto(`${platform.url}/w/${owner.workspaceId}/workflows/new`);
    await page.getByRole('textbox', { name: 'Name' }).fill('Upstream');
    await page.getByText('HTTP upstream').click();
    await page.getByRole('textbox', { name: 'URL' }).fill('https://example.com/hook');
    await page.getByRole('button', { name: 'Add header' }).click();
    await page.getByRole('textbox', { name: 'Name of header 1' }).fill('Authorization');
    await page.getByRole('textbox', { name: 'Value of header 1' }).fill('Bearer secret-of-mine');
    await page.getByRole('button', { name: 'Create workflow' }).click();
    const secret = await page.getByRole('region', { name: 'Signing secret' }).innerText();
    expect(secret.length).toBeGreaterThan(20);
    await page.getByRole('button', { name: 'I have kept it: close' }).click();
    await page.getByText('Kept: Authorization').waitFor();
    const shown = await page.content();
    expect([shown.includes(secret), shown.includes('secret-of-mine')]).toEqual([false, false]);
  }, 60_000);
});
