import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { TurnedClock } from './clock.js';
import { ADMIN_KEY, type Platform, startPlatform } from './platform.js';
import { deployed, execute, openBrowser, type Reader, settled, signUpReader } from './reader.js';

/** Where the pictures of the README are; a folder in `PICTURES` gets all of them, to be looked at. */
const OF_README = fileURLToPath(new URL('../../../docs/images', import.meta.url));
const ALL = process.env.PICTURES;

const SIZES = { wide: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const README_SIZE = { width: 1200, height: 760 };
/** When something was run, in days ago; its people look in often enough to stay signed in. */
const DAYS = [19, 18, 15, 14, 12, 11, 8, 7, 6, 4, 3, 1, 0];

/**
 * Draws the pages anew: `npm run pictures` the ones in the README, `PICTURES=/some/folder npm run pictures` each page in
 * light and dark, wide and on a phone, for a person to look at.
 */
describe('pictures of the pages', () => {
  let platform: Platform;
  let browser: Browser;
  let owner: Reader;
  let paths: Record<string, string>;
  const clock = new TurnedClock(DAYS[0]!);
  beforeAll(async () => {
    platform = await startPlatform(clock.settings);
    browser = await openBrowser();
    owner = await signUpReader(browser, platform.url, { email: 'ada@example.com' });
    paths = await furnished(platform.url, owner, clock);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
    clock.dispose();
  }, 30_000);

  it('are drawn', async () => {
    const looks = (['light', 'dark'] as const).flatMap((colorScheme) =>
      ALL
        ? (Object.entries(SIZES) as [string, typeof README_SIZE][]).map(([name, viewport]) => ({
            colorScheme,
            viewport,
            folder: ALL,
            suffix: `-${name}-${colorScheme}`,
          }))
        : [{ colorScheme, viewport: README_SIZE, folder: OF_README, suffix: colorScheme === 'dark' ? '-dark' : '' }],
    );
    for (const { colorScheme, viewport, folder, suffix } of looks) {
      mkdirSync(folder, { recursive: true });
      const context = await browser.newContext({
        colorScheme,
        viewport,
        storageState: await owner.context.storageState(),
      });
      const page = await context.newPage();
      for (const [name, path] of Object.entries(paths)) {
        if (!ALL && !README_PICTURES.has(`${name}${suffix}`)) continue;
        await page.goto(platform.url + path);
        await settled(page);
        if (name === 'operator') await openDesk(page);
        if (name === 'workflow') await tryOut(page);
        const png = await page.screenshot({ fullPage: ALL !== undefined, animations: 'disabled' });
        if (ALL) writeFileSync(`${folder}/${name}${suffix}.png`, png);
        else writeFileSync(`${folder}/${name}${suffix}.webp`, await asWebp(context, png));
      }
      await context.close();
    }
  }, 240_000);
});

const README_PICTURES = new Set(['keys', 'usage-dark', 'workflow', 'run-dark']);

/** The same picture, a third as large: Chromium itself can write WebP. */
async function asWebp(context: BrowserContext, png: Buffer): Promise<Buffer> {
  const page = await context.newPage();
  const url = await page.evaluate(
    async (source) => {
      const image = new Image();
      image.src = source;
      await image.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width: image.width, height: image.height });
      canvas.getContext('2d')?.drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', 0.85);
    },
    `data:image/png;base64,${png.toString('base64')}`,
  );
  await page.close();
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}

async function openDesk(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Admin key' }).fill(ADMIN_KEY);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('tab', { name: 'People' }).waitFor();
}

async function tryOut(page: Page): Promise<void> {
  const order = {
    items: [
      { price: 12.5, quantity: 4 },
      { price: 3, quantity: 1 },
    ],
  };
  await page.getByRole('textbox', { name: 'Sample input' }).fill(JSON.stringify(order, null, 2));
  await page.getByText('"total": 53').waitFor();
  await page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    scrollTo(0, 0);
  });
}

/** A workspace as it looks after a while: members, keys of many kinds, workflows, runs that failed and that did not. */
async function furnished(url: string, owner: Reader, clock: TurnedClock): Promise<Record<string, string>> {
  const { ask, workspaceId } = owner;
  const base = `/w/${workspaceId}`;
  await ask('PATCH', `/api/workspaces/${workspaceId}`, { name: 'Analytical Engines' });
  const workflows = [
    await deployed(owner, '{ "greeting": "Hello, " & name & "!" }', 'Greeting'),
    await deployed(owner, '{ "total": $sum(items.(price * quantity)) }', 'Order total'),
    await deployed(owner, '$error("The invoice has no number")', 'Invoice check'),
  ];
  await ask('POST', '/api/workflows', {
    workspaceId,
    name: 'Draft of a summary',
    description: 'Sends the text to our own server and answers with its summary.',
    runner: { kind: 'http', url: 'https://summaries.example.com/run' },
  });
  await ask('POST', '/api/mcp/workflow-servers', {
    workspaceId,
    name: 'Office assistant',
    description: 'Totals and greetings for the chat in the office',
    workflowIds: workflows.slice(0, 2),
  });
  const inputs = [{ name: 'Ada' }, { items: [{ price: 12.5, quantity: 4 }] }, { invoice: {} }];
  const keys = new Map<string, string>();
  for (const name of ['production backend', 'nightly report', 'staging']) {
    const soon = new Date(Date.now() + 5 * 86_400_000).toISOString();
    const made = await ask('POST', `/api/workspaces/${workspaceId}/api-keys`, {
      name,
      ...(name === 'staging' && { expiresAt: soon }),
    });
    keys.set(name, (made.body.key as { key: string }).key);
  }
  for (const [day, daysAgo] of DAYS.entries()) {
    clock.turn(daysAgo);
    await ask('GET', '/api/auth/get-session');
    for (const [at, key] of [...keys.values()].entries()) {
      // Busier from day to day, each key in a rhythm of its own, and the last one from the second week on.
      const runs = at === 2 && day < 5 ? 0 : 2 + ((day * (at + 2)) % 5) + Math.floor(day / (at + 2));
      for (let run = 0; run < runs; run++) {
        const which = (run + at) % workflows.length;
        await execute(url, workflows[which]!, key, inputs[which]);
      }
    }
  }
  for (const [email, permission] of [
    ['grace.hopper@example.com', 'admin'],
    ['katherine.johnson@example.com', 'write'],
    ['dorothy.vaughan@example.com', 'read'],
  ]) {
    await ask('POST', `/api/workspaces/${workspaceId}/members`, { email, permission });
  }
  for (const name of ['laptop', 'experiments']) await ask('POST', '/api/users/me/api-keys', { name });
  const { body } = await ask('GET', `/api/logs?workspaceId=${workspaceId}`);
  const [latest] = body.data as { id: string }[];
  return {
    home: base,
    workflows: `${base}/workflows`,
    workflow: `${base}/workflows/${workflows[1]}`,
    'workflow-new': `${base}/workflows/new`,
    mcp: `${base}/mcp`,
    logs: `${base}/logs`,
    run: `${base}/logs?run=${latest?.id ?? ''}`,
    usage: `${base}/usage?by=key`,
    members: `${base}/members`,
    keys: `${base}/settings/keys?tab=workspace`,
    'keys-personal': `${base}/settings/keys`,
    workspace: `${base}/settings/workspace`,
    operator: '/operator',
    pairing: `/cli/auth?request=${'r'.repeat(43)}&challenge=${'c'.repeat(43)}&pairing=KX7M-2QPD&scope=platform`,
    'not-found': '/w/not-mine',
  };
}
