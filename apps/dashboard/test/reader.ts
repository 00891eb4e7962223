import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
export const PASSWORD = 'correct horse battery staple';
/** How long a test waits for what it expects to see, on a machine that has other things to do as well. */
const WAIT_MS = 15_000;
const WIDE = { width: 1280, height: 850 };
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A missing browser fails the test, it never skips. */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`These tests need Chromium at ${CHROMIUM} (apt-get install chromium), or CHROMIUM set to its path`);
  }
  return chromium.launch({ executablePath: CHROMIUM, args: ARGS });
}

export interface Reader {
  context: BrowserContext;
  page: Page;
  email: string;
  workspaceId: string;
  /** What the browser complained of: refused by the policy, failed in the page. Must stay empty. */
  complaints: string[];
  /** Asks the server as this reader's browser does. */
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>;
}

let count = 0;

/** Somebody who has just signed up on the page, and has asked the system for less motion, unless `motion` is given. */
export async function signUpReader(
  browser: Browser,
  url: string,
  {
    email = `reader-${Date.now()}-${++count}@example.com`,
    name = 'Ada Lovelace',
    motion = false,
  }: { email?: string; name?: string; motion?: boolean } = {},
): Promise<Reader> {
  const context = await browser.newContext({
    viewport: WIDE,
    reducedMotion: motion ? 'no-preference' : 'reduce',
  });
  context.setDefaultTimeout(WAIT_MS);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // Chromium reports each refused request here; what the page makes of those is seen on the page.
    const isRefusal = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isRefusal) complaints.push(message.text());
  });
  await page.goto(`${url}/`);
  await page.getByRole('link', { name: 'Sign up' }).click();
  await page.getByRole('textbox', { name: 'Name' }).fill(name);
  await page.getByRole('textbox', { name: 'E-mail' }).fill(email);
  await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.waitForURL(/\/w\/[\w-]+$/);
  const workspaceId = new URL(page.url()).pathname.split('/')[2]!;
  const ask: Reader['ask'] = async (method, path, body) => {
    const answer = await context.request.fetch(`${url}${path}`, {
      method,
      headers: { origin: url, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { data: JSON.stringify(body) }),
    });
    return { status: answer.status(), body: (await answer.json().catch(() => ({}))) as Record<string, unknown> };
  };
  return { context, page, email, workspaceId, complaints, ask };
}

export const signInAgain = async (page: Page): Promise<void> => {
  const dialog = page.getByRole('dialog', { name: 'Your session has ended' });
  await dialog.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Sign in' }).click();
};

/** Runs a workflow as a program does: the key and nothing else. */
export async function execute(url: string, workflowId: string, key: string, input: unknown = {}): Promise<number> {
  const answer = await fetch(`${url}/api/workflows/${workflowId}/execute`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': key },
    body: JSON.stringify(input),
  });
  return answer.status;
}

/** A deployed sample workflow, made through the API. */
export async function deployed(
  { ask, workspaceId }: Reader,
  expression = '{ "hello": name }',
  name = 'Sample',
): Promise<string> {
  const made = await ask('POST', '/api/workflows', {
    workspaceId,
    name,
    runner: { kind: 'expression', expression },
  });
  const { id } = made.body.workflow as { id: string };
  await ask('POST', `/api/workflows/${id}/deploy`, {});
  return id;
}

interface AxeFinding {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

/** What axe finds that keeps somebody out: serious and critical. */
export async function seriousFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: AxeFinding[] }> };
    };
    return (await axe.run({ resultTypes: ['violations'] })).violations;
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 200)}`);
}

/** Waits until nothing sticks out to the right, of the page or of a dialog: whoever reads on a phone scrolls up and down alone. */
export async function fitsItsWidth(page: Page): Promise<void> {
  await page.waitForFunction(
    () =>
      [document.documentElement, ...document.querySelectorAll('[role="dialog"]')].every(
        ({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth,
      ),
    undefined,
    { timeout: 5_000 },
  );
}

/** What sticks out furthest, for who has to repair it. */
const widestOf = (page: Page) =>
  page.evaluate(() => {
    const rightOf = (element: Element) => element.getBoundingClientRect().right;
    const [widest] = [...document.body.querySelectorAll('*')]
      .filter((element) => !element.closest('.mantine-ScrollArea-viewport'))
      .sort((a, b) => rightOf(b) - rightOf(a));
    return widest ? `${Math.round(rightOf(widest))} px: ${widest.outerHTML.slice(0, 200)}` : 'nothing';
  });

/** Waits until what opens or closes has done so: half-drawn text has half its contrast. */
async function still(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    [...document.querySelectorAll('[role="dialog"], [role="menu"], [role="listbox"], [role="tooltip"], [role="alert"]')]
      .flatMap((element) => [element, ...(element.parentElement ? [element.parentElement] : [])])
      .every((element) => !element.checkVisibility() || getComputedStyle(element).opacity === '1'),
  );
  // What turns for ever is waiting for something else.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(({ playState, effect }) => playState !== 'running' || effect?.getComputedTiming().endTime === Infinity),
  );
}

const NARROW = { width: 390, height: 844 };
/** How a page is looked at: in every size and colour. */
export const ALL_LOOKS = [WIDE, NARROW].flatMap((size) =>
  (['light', 'dark'] as const).map((colorScheme) => ({ size, colorScheme })),
);
/** How what opens on a page is looked at: its colours are those of pages, which are seen in all. */
const BOTH_LOOKS = [ALL_LOOKS[0]!, ALL_LOOKS[3]!];
/** A colour that is on its way to another has half its contrast, whatever says that it is still. */
const GLANCES = 3;

/**
 * Looks at what is shown, wide and light, on a phone and dark, or in all `looks`: it fits, and keeps nobody out. Says what
 * does not. What moves away with a change of size, as a menu may, is opened anew in each.
 */
export async function faultsOf(
  page: Page,
  what: string,
  { open, looks = BOTH_LOOKS }: { open?: () => Promise<void>; looks?: typeof ALL_LOOKS } = {},
): Promise<string[]> {
  const faults: string[] = [];
  for (const { size, colorScheme } of looks) {
    await page.setViewportSize(size);
    await page.emulateMedia({ colorScheme });
    await open?.();
    const where = `${what}, ${size.width} px, ${colorScheme}`;
    let findings: string[] = [];
    for (let glance = 0; glance < GLANCES; glance += 1) {
      await still(page);
      findings = await seriousFindings(page);
      if (findings.length === 0) break;
    }
    await fitsItsWidth(page).catch(async () => faults.push(`${where}: too wide, ${await widestOf(page)}`));
    faults.push(...findings.map((finding) => `${where}: ${finding}`));
    if (open) await page.keyboard.press('Escape');
  }
  await page.setViewportSize(WIDE);
  return faults;
}

/** Waits until the page shows what it has to show: nothing that is seen is still being loaded. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.waitForLoadState('networkidle');
  await page.waitForFunction(() =>
    [...document.querySelectorAll('[aria-busy="true"]')].every((element) => !element.checkVisibility()),
  );
}
