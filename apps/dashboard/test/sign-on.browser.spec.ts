import { CLIENT_ID, CLIENT_SECRET, OidcIssuer } from '@tollgate/testing';
import type { Browser } from 'playwright-core';
import { type Platform, startPlatform } from './platform.js';
import { openBrowser, seriousFindings } from './reader.js';

describe('signing in at a provider', () => {
  let issuer: OidcIssuer;
  let platform: Platform;
  let browser: Browser;
  beforeAll(async () => {
    issuer = await OidcIssuer.start();
    platform = await startPlatform({
      OIDC_ISSUER: issuer.url,
      OIDC_CLIENT_ID: CLIENT_ID,
      OIDC_CLIENT_SECRET: CLIENT_SECRET,
      OIDC_NAME: 'Example Inc.',
    });
    browser = await openBrowser();
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
    issuer.stop();
  }, 30_000);

  it('leads there and back; a sign-in that failed is said in a sentence of ours alone', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${platform.url}/`);
    const button = page.getByRole('button', { name: 'Continue with Example Inc.' });
    await button.waitFor();
    expect(await seriousFindings(page)).toEqual([]);
    issuer.forges = true;
    await button.click();
    await page.getByRole('alert').getByText('was not completed').waitFor();
    issuer.forges = false;
    await page.goto(`${platform.url}/sign-in?error=Your+bank+needs+you`);
    await button.waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await button.click();
    await page.getByRole('heading', { name: 'Your first workspace' }).waitFor();
    const session = await context.request.get(`${platform.url}/api/auth/get-session`);
    expect(await session.json()).toMatchObject({ user: { email: 'somebody@example.com' } });
    await context.close();
  }, 60_000);
});
