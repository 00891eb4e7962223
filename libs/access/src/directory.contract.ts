import type { LoggedEvent } from '@tollgate/contracts';
import fc from 'fast-check';
import { memberRef } from './directory-entries.js';
import type { EntryKind } from './directory-entries.js';
import { ALL_PRICES } from './directory-fold.js';
import { digestNamed, logged, story } from './directory-story.contract.js';
import type { Directory } from './directory.js';

const ENTRIES: [EntryKind, string][] = [
  ['user', 'u1'],
  ['user', 'u2'],
  ['workspace', 'w1'],
  ['member', memberRef('w1', 'u1')],
  ['member', memberRef('w1', 'u2')],
  ['key', digestNamed('personal')],
  ['key', digestNamed('shared')],
  ['workflow', 'f1'],
  ['workflow', 'f2'],
  ['mcpServer', 's1'],
  ['mcpServer', 's2'],
  ['memberships', 'u2'],
  ['prices', ALL_PRICES],
  ['user', 'nobody'],
];

async function entriesOf(directory: Directory): Promise<unknown[]> {
  return Promise.all(ENTRIES.map(([kind, id]) => directory.read(kind, id)));
}

/** What every body of the port guarantees. `make` gives a new, empty one that is ready. */
export function describeDirectory(name: string, make: () => Directory | Promise<Directory>, numRuns = 200): void {
  async function after(...events: LoggedEvent[]): Promise<Directory> {
    const directory = await make();
    await directory.apply(events);
    return directory;
  }

  describe(name, () => {
    it('knows what the log says', async () => {
      expect(await entriesOf(await after(...story()))).toEqual([
        { email: 'a@example.com', name: 'A', plan: 'pro', suspended: false, usageLimitMicros: 7_000_000 },
        { email: 'b@example.com', name: 'B', plan: 'free', suspended: false, usageLimitMicros: null },
        { name: 'W2', ownerId: 'u1', billedAccountUserId: 'u2', allowPersonalApiKeys: true },
        { role: 'admin' },
        { role: 'admin' },
        {
          keyId: 'k1',
          kind: 'personal',
          name: 'first',
          ownerId: 'u2',
          workspaceId: null,
          expiresAtMs: null,
          revoked: true,
        },
        {
          keyId: 'k2',
          kind: 'workspace',
          name: 'renamed',
          ownerId: null,
          workspaceId: 'w1',
          expiresAtMs: null,
          revoked: false,
        },
        {
          workspaceId: 'w1',
          name: 'F2',
          description: 'more',
          needsRedeployment: false,
          deployment: null,
          deleted: false,
        },
        undefined,
        {
          workspaceId: 'w1',
          name: 'S2',
          description: null,
          isPublic: false,
          creatorId: 'u1',
          workflowIds: ['f1'],
          deleted: false,
        },
        undefined,
        { roles: { w1: 'admin', w2: null } },
        { prices: { p1: { fromMs: Date.parse('2026-12-01T00:00:00.000Z'), basePerRunMicros: 6_000 } } },
        undefined,
      ]);
    });

    it('knows the same whatever the order, however often and in whatever portions the events come', async () => {
      const events = story();
      const expected = await entriesOf(await after(...events));
      const disorder = fc.tuple(
        fc.shuffledSubarray(events, { minLength: events.length }),
        fc.array(fc.constantFrom(...events), { maxLength: 30 }),
        fc.integer({ min: 1, max: 8 }),
      );
      await fc.assert(
        fc.asyncProperty(disorder, async ([all, again, portion]) => {
          const directory = await make();
          const given = [...all.slice(0, 14), ...again, ...all.slice(14), ...again];
          for (let at = 0; at < given.length; at += portion) await directory.apply(given.slice(at, at + portion));
          expect(await entriesOf(directory)).toEqual(expected);
        }),
        { numRuns },
      );
    });

    it('knows at each point of the log what was true then, also when it is read again from the start', async () => {
      const events = story();
      for (let end = 0; end <= events.length; end++) {
        const once = await after(...events.slice(0, end));
        const twice = await after(...events.slice(0, end), ...events.slice(0, end));
        expect(await entriesOf(twice)).toEqual(await entriesOf(once));
      }
    });

    it('knows a key by its new digest as well as by the former one, and takes it away by both', async () => {
      const both = async (directory: Directory) =>
        Promise.all(['moved', 'anew'].map((name) => directory.read('key', digestNamed(name))));
      const entry = { ...{ keyId: 'k3', kind: 'workspace', ownerId: null, workspaceId: 'w1' }, expiresAtMs: null };
      const active = { ...entry, revoked: false };
      const directory = await after(...story().slice(0, 33));
      expect(await both(directory)).toEqual([{ ...active, name: 'first' }, undefined]);
      await directory.apply(story().slice(33, 34));
      expect(await both(directory)).toEqual([active, active].map((each) => ({ ...each, name: 'first' })));
      await directory.apply(story().slice(34, 35));
      expect(await both(directory)).toEqual([active, active].map((each) => ({ ...each, name: 'second' })));
      await directory.apply(story().slice(35));
      expect(await both(directory)).toEqual(
        [active, active].map((each) => ({ ...each, name: 'second', revoked: true })),
      );
      // Also when the new digest has not been heard of yet: the one that is known speaks for it.
      const early = await after(...story().slice(0, 33), ...story().slice(35));
      expect(await early.read('key', digestNamed('moved'))).toMatchObject({ revoked: true });
    });

    it('keeps a key revoked when its creation comes late', async () => {
      const created = story().find((event) => event.type === 'KeyCreated')!;
      const revoked = story().find((event) => event.type === 'KeyRevoked')!;
      const directory = await after(revoked);
      expect(await directory.read('key', digestNamed('personal'))).toBeUndefined();
      await directory.apply([created]);
      expect(await directory.read('key', digestNamed('personal'))).toMatchObject({ keyId: 'k1', revoked: true });
    });

    it('does not bring a revoked key back when the same key is created anew', async () => {
      const of = { digest: digestNamed('again'), keyId: 'k9' };
      const key = {
        ...of,
        kind: 'personal',
        name: 'n',
        ownerId: 'u1',
        workspaceId: null,
        displayKey: '…',
        expiresAt: null,
      } as const;
      const directory = await after(
        logged(1, 'KeyCreated', key),
        logged(2, 'KeyRevoked', { ...of, revokedAt: '2026-11-01T00:00:00.000Z' }),
      );
      await directory.apply([logged(3, 'KeyCreated', { ...key, keyId: 'k10' })]);
      expect(await directory.read('key', of.digest)).toMatchObject({ revoked: true });
    });

    it('reads when a key expires', async () => {
      const key = {
        digest: digestNamed('short'),
        keyId: 'k3',
        kind: 'personal',
        name: 'n',
        ownerId: 'u1',
        workspaceId: null,
      } as const;
      const directory = await after(
        logged(1, 'KeyCreated', { ...key, displayKey: '…', expiresAt: '2026-11-30T12:00:00.000Z' }),
      );
      expect(await directory.read('key', key.digest)).toMatchObject({ expiresAtMs: Date.UTC(2026, 10, 30, 12) });
    });

    it('knows a member who was removed and added again, and not one who was removed last', async () => {
      const of = { workspaceId: 'w1', userId: 'u2' };
      const added = logged(1, 'MemberAdded', { ...of, role: 'read' });
      const removed = logged(2, 'MemberRemoved', of);
      const addedAgain = logged(3, 'MemberAdded', { ...of, role: 'write' });
      const directory = await after(removed, added);
      expect(await directory.read('member', memberRef('w1', 'u2'))).toBeUndefined();
      await directory.apply([addedAgain, removed]);
      expect(await directory.read('member', memberRef('w1', 'u2'))).toEqual({ role: 'write' });
    });

    it('runs a deployed snapshot although the draft has changed', async () => {
      const directory = await after(...story().slice(0, 13));
      expect(await directory.read('workflow', 'f1')).toMatchObject({
        name: 'F2',
        needsRedeployment: true,
        deployment: { versionId: 'v1', name: 'F', runner: { kind: 'expression', expression: '$' }, inputSchema: null },
      });
    });

    it('sees what was applied as soon as apply resolves, and says how far it is', async () => {
      const directory = await make();
      expect(directory.state()).toMatchObject({ ready: true, position: 0n });
      await directory.apply(story().slice(0, 9));
      expect(await directory.read('workspace', 'w1')).toMatchObject({ allowPersonalApiKeys: false });
      expect(directory.state()).toMatchObject({ ready: true, position: 9n });
      await directory.apply(story().slice(0, 2));
      expect(directory.state()).toMatchObject({ position: 9n });
    });

    it('gives entries that nobody can change', async () => {
      const directory = await after(...story().slice(0, 13));
      const workflow = (await directory.read('workflow', 'f1'))!;
      expect(Object.isFrozen(workflow)).toBe(true);
      expect(Object.isFrozen(workflow.deployment?.runner)).toBe(true);
    });

    it('takes ids that are names of object members for what they are', async () => {
      const directory = await after(...story());
      for (const id of ['__proto__', 'constructor', 'toString'])
        expect(await directory.read('key', id)).toBeUndefined();
      const price = { priceId: '__proto__', from: '2026-12-01T00:00:00.000Z', basePerRunMicros: 1 };
      await directory.apply([logged(99, 'PricePlanChanged', price)]);
      expect(Object.keys((await directory.read('prices', ALL_PRICES))!.prices).sort()).toEqual(['__proto__', 'p1']);
    });
  });
}
