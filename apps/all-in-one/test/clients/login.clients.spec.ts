import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@tollgate/testing';
import { ClientWorld } from './client-world.js';
import { CommandLine } from './command-line.js';

const TIMEOUT_MS = 60_000;

describe('sim 2.1.28 obtains its key from the platform', () => {
  let world: ClientWorld;
  const made: CommandLine[] = [];
  beforeAll(async () => {
    world = await ClientWorld.start();
  }, TIMEOUT_MS);
  afterAll(async () => {
    for (const commandLine of made) commandLine.dispose();
    await world.dispose();
  });

  function newCommandLine(): CommandLine {
    const commandLine = new CommandLine(world.url);
    made.push(commandLine);
    return commandLine;
  }

  /** Starts a login and gives the link that it shows. */
  async function login(commandLine: CommandLine, ...args: string[]) {
    const running = commandLine.start('login', '--no-browser', '-y', ...args);
    const link = await eventually(
      () => {
        const found = /https?:\/\/\S+\/cli\/auth\?\S+/.exec(running.text())?.[0];
        if (found === undefined) throw new Error(`no link yet: ${running.text()}`);
        return new URL(found);
      },
      { timeoutMs: 20_000 },
    );
    return { ...running, link };
  }

  const approve = (link: URL, more: object = {}) =>
    world.ada.ok('POST', '/api/cli/auth/approve', {
      request: link.searchParams.get('request'),
      challenge: link.searchParams.get('challenge'),
      scope: link.searchParams.get('scope'),
      ...more,
    });

  test(
    'login waits for a person’s approval, stores the key for its owner alone, and the key works',
    async () => {
      const commandLine = newCommandLine();
      const { link, ended, text } = await login(commandLine, '--method', 'api-key');
      expect(link.origin).toBe(world.url);
      expect(link.searchParams.get('pairing')).toMatch(/^[A-Z2-9]{4}-[A-Z2-9]{4}$/);
      const page = await fetch(link, { headers: { accept: 'text/html' } });
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);

      await approve(link, { workspaceId: world.workspaceId });

      expect([await ended, text()]).toEqual([0, expect.stringContaining('Logged in')]);
      for (const name of readdirSync(commandLine.home)) {
        if (name.includes('credential')) expect(statSync(join(commandLine.home, name)).mode & 0o077).toBe(0);
      }
      const { keys } = await world.ada.ok('GET', '/api/users/me/api-keys');
      expect(keys).toContainEqual(
        expect.objectContaining({ name: expect.stringMatching(/^CLI \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\)$/) }),
      );
      expect(await commandLine.run('whoami')).toMatchObject({ code: 0 });
    },
    TIMEOUT_MS,
  );

  test(
    'without a method it finds no OAuth here and pairs; a bound key is the workspace’s',
    async () => {
      const commandLine = newCommandLine();
      const { link, ended, text } = await login(commandLine);

      await approve(link, { workspaceId: world.workspaceId, bindKeyToWorkspace: true });

      expect([await ended, text()]).toEqual([0, expect.stringContaining('Workspace-scoped key')]);
      expect(await commandLine.run('whoami')).toMatchObject({ code: 0 });
      const { keys } = await world.ada.ok('GET', `/api/workspaces/${world.workspaceId}/api-keys`);
      const bound = keys.find(({ name }: { name: string }) => name.startsWith('CLI ('));
      await world.ada.ok('DELETE', `/api/workspaces/${world.workspaceId}/api-keys/${bound.id}`);
      expect(await commandLine.run('whoami')).toMatchObject({ code: 1 });
    },
    TIMEOUT_MS,
  );

  test(
    'a login that was decided for another challenge ends with the reason',
    async () => {
      const { link, ended, text } = await login(newCommandLine(), '--method', 'api-key');

      await approve(link, { challenge: 'x'.repeat(43) });

      expect([await ended, text()]).toEqual([1, expect.stringContaining('verifier does not belong')]);
    },
    TIMEOUT_MS,
  );
});
