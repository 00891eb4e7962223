import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually } from '@tollgate/testing';
import type { Browser } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { openBrowser, PASSWORD, type Reader, signUpReader } from './reader.js';

const CLI = fileURLToPath(new URL('../../../node_modules/sim/dist/index.js', import.meta.url));
const LINK = 'request=' + 'r'.repeat(43) + '&challenge=' + 'c'.repeat(43) + '&pairing=ABCD-2345&scope=platform';

/** The published command line, in a folder of its own. */
class CommandLine {
  readonly folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'));
  said = '';
  private running: ChildProcess | undefined;

  constructor(private readonly endpoint: string) {}

  run(...args: string[]): Promise<number | null> {
    const child = spawn(process.execPath, [CLI, ...args], {
      env: {
        PATH: process.env.PATH,
        HOME: this.folder,
        SIM_CONFIG_DIR: this.folder,
        SIM_ENDPOINT: this.endpoint,
        SIM_TELEMETRY_DISABLED: '1',
        SIM_NO_UPDATE_CHECK: '1',
        NO_COLOR: '1',
        CI: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.running = child;
    this.said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
    }
    return new Promise((resolve) => child.once('exit', resolve));
  }

  dispose(): void {
    if (this.running?.exitCode === null) this.running.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function found(said: string, what: RegExp): string {
  const [text] = what.exec(said) ?? [];
  if (text === undefined) throw new Error(`The command line said: ${said}`);
  return text;
}

describe('pairing a command line', () => {
  let platform: Platform;
  let browser: Browser;
  let owner: Reader;
  beforeAll(async () => {
    platform = await startPlatform();
    browser = await openBrowser();
    owner = await signUpReader(browser, platform.url);
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  }, 30_000);

  it('refuses without making anything, and pairs nothing by a link that is not whole', async () => {
    const { page } = owner;
    await page.goto(`${platform.url}/cli/auth?${LINK}`);
    await page.getByRole('button', { name: 'Refuse' }).click();
    await page.getByText('No key was made.').waitFor();
    expect((await owner.ask('GET', '/api/users/me/api-keys')).body.keys).toEqual([]);
    await page.goto(`${platform.url}/cli/auth?${LINK.replace('ABCD-2345', 'call-us-now')}`);
    await page.getByRole('heading', { name: 'This link is not whole' }).waitFor();
    expect(await page.content()).not.toContain('call-us-now');
  }, 60_000);

  it('gives the real command line a key of who signs in on the way, which works until it is revoked', async () => {
    const cli = new CommandLine(platform.url);
    const exit = cli.run('login', '--method', 'api-key', '--no-browser', '-y', '--endpoint', platform.url);
    const link = await eventually(() => found(cli.said, /http:\S+\/cli\/auth\?\S+/), { timeoutMs: 20_000 });
    const code = found(cli.said, /[A-Z0-9]{4}-[A-Z0-9]{4}/);
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(link);
    await page.getByRole('textbox', { name: 'E-mail' }).fill(owner.email);
    await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(`You are signed in as ${owner.email}`).waitFor();
    expect(await page.locator('[data-pairing-code]').innerText()).toBe(code);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
    expect([await exit, cli.said]).toEqual([0, expect.anything()]);

    const listed = (await owner.ask('GET', '/api/users/me/api-keys')).body.keys as { id: string; name: string }[];
    expect(listed.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^CLI \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\)$/),
    ]);
    expect([await cli.run('whoami'), cli.said]).toEqual([0, expect.anything()]);
    await owner.ask('DELETE', `/api/users/me/api-keys/${listed[0]?.id}`);
    expect([await cli.run('whoami'), cli.said]).toEqual([1, expect.anything()]);
    cli.dispose();
    await context.close();
  }, 90_000);

  it('binds a key to the workspace when an admin says so', async () => {
    const cli = new CommandLine(platform.url);
    const exit = cli.run('login', '--method', 'api-key', '--no-browser', '-y', '--endpoint', platform.url);
    const link = await eventually(() => found(cli.said, /http:\S+\/cli\/auth\?\S+/), { timeoutMs: 20_000 });
    const { page } = owner;
    await page.goto(link);
    await page.getByRole('radio', { name: 'Bound to the workspace' }).check();
    await page.getByRole('button', { name: 'Approve' }).dblclick();
    await page.getByRole('heading', { name: 'Connected' }).waitFor();
    expect([await exit, cli.said]).toEqual([0, expect.anything()]);
    const { keys } = (await owner.ask('GET', `/api/workspaces/${owner.workspaceId}/api-keys`)).body;
    expect(keys).toEqual([expect.objectContaining({ name: expect.stringMatching(/^CLI /) })]);
    expect(owner.complaints).toEqual([]);
    cli.dispose();
  }, 90_000);

  it('lets no reader bind a key to the workspace', async () => {
    const reader = await signUpReader(browser, platform.url);
    const { workspaceId } = owner;
    await owner.ask('POST', `/api/workspaces/${workspaceId}/members`, { email: reader.email, permission: 'read' });
    await reader.page.goto(`${platform.url}/cli/auth?${LINK}&workspace=${workspaceId}`);
    expect(await reader.page.getByRole('radio', { name: 'Bound to the workspace' }).isDisabled()).toBe(true);
    await reader.context.close();
  }, 60_000);
});
