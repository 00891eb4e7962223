import type { AccessSettings, Caller, MemberEntry, WorkflowEntry, WorkspaceEntry } from '@tollgate/access';
import { PartyBook } from './party-book.js';

const caller: Caller = {
  kind: 'key',
  keyId: 'k1',
  keyKind: 'personal',
  keyName: 'CI',
  ownerId: 'rita',
  workspaceId: null,
};
const workflow: WorkflowEntry = {
  workspaceId: 'ws1',
  name: 'Echo',
  description: null,
  needsRedeployment: false,
  deleted: false,
  deployment: null,
};
const workspace: WorkspaceEntry = {
  name: 'Research',
  ownerId: 'anna',
  billedAccountUserId: 'anna',
  allowPersonalApiKeys: true,
};
const member: MemberEntry = { role: 'read' };
const question = { caller, workflowId: 'wf1', workflow, workspace, member };

describe('who runs what for whom', () => {
  let book: PartyBook;
  beforeEach(() => {
    book = new PartyBook({ payerRule: 'key-type' } as AccessSettings);
    expect(book.partyOf(question)).toMatchObject({ actorUserId: 'rita', payerUserId: 'rita' });
  });

  test('is decided once for the same entries, also when the key’s caller is made anew', () => {
    const first = book.partyOf(question);
    expect(book.partyOf({ ...question, caller: { ...caller } })).toBe(first);
  });

  test.each([
    ['a removed member', { member: undefined }, 'notMember'],
    ['a switch that is off', { workspace: { ...workspace, allowPersonalApiKeys: false } }, 'personalKeysDisabled'],
    ['a workspace that is gone', { workspace: undefined }, 'workspaceUnknown'],
  ])('is never remembered over %s, and holds again when that is undone', (_what, change, refusal) => {
    expect(book.partyOf({ ...question, ...change })).toBe(refusal);
    expect(book.partyOf(question)).toMatchObject({ payerUserId: 'rita' });
  });

  test('follows a rename of the key, the workspace and the workflow, and a new billed account', () => {
    const jsonOf = (change: Partial<typeof question>) => {
      const party = book.partyOf({ ...question, ...change });
      return typeof party === 'string' ? party : party.json;
    };
    expect(jsonOf({ caller: { ...caller, keyName: 'Deploy' } })).toContain('"keyName":"Deploy"');
    expect(jsonOf({ workspace: { ...workspace, name: 'Lab' } })).toContain('"workspaceName":"Lab"');
    expect(jsonOf({ workflow: { ...workflow, name: 'Say' } })).toContain('"workflowName":"Say"');
    const ofWorkspace: Caller = { ...caller, keyId: 'k2', keyKind: 'workspace', ownerId: null, workspaceId: 'ws1' };
    expect(jsonOf({ caller: ofWorkspace })).toContain('"payerUserId":"anna"');
    const billed = { ...workspace, billedAccountUserId: 'boris' };
    expect(jsonOf({ caller: ofWorkspace, workspace: billed })).toContain('"payerUserId":"boris"');
  });
});
