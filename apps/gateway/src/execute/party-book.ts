import {
  type AccessRefusal,
  type AccessSettings,
  type Caller,
  decideWorkspaceAccess,
  type MemberEntry,
  type WorkflowEntry,
  type WorkspaceEntry,
} from '@tollgate/access';
import type { PublicCaller, RunCaller } from '../runs/run-caller.js';
import { partyJsonOf, type RunParty } from './run-events.js';

/** Keys remembered per workflow; beyond it all of that workflow are forgotten and decided anew. */
const KEYS_MAX = 10_000;

export interface PartyQuestion {
  caller: RunCaller;
  workflowId: string;
  workflow: WorkflowEntry;
  workspace: WorkspaceEntry | undefined;
  member: MemberEntry | undefined;
}

type KeyQuestion = PartyQuestion & { caller: Caller };
type Remembered = KeyQuestion & { party: RunParty };

/**
 * Who runs what for whom, remembered per workflow and key. The directory's entries are frozen and replaced when they
 * change, so an answer holds exactly as long as it was made from the very same entries; refusals are not remembered.
 */
export class PartyBook {
  private readonly ofWorkflow = new WeakMap<WorkflowEntry, Map<string, Remembered>>();

  constructor(private readonly settings: AccessSettings) {}

  /** The parties of a run, or why this caller may not run this workflow. */
  partyOf(question: PartyQuestion): RunParty | AccessRefusal {
    const { caller } = question;
    if (caller.kind === 'public') return publicParty({ ...question, caller });
    return this.partyOfKey({ ...question, caller });
  }

  private partyOfKey(question: KeyQuestion): RunParty | AccessRefusal {
    const known = this.ofWorkflow.get(question.workflow)?.get(question.caller.keyId);
    if (known && isSame(known, question)) return known.party;
    const party = this.decide(question);
    if (typeof party !== 'string') this.remember({ ...question, party });
    return party;
  }

  private decide(question: KeyQuestion): RunParty | AccessRefusal {
    const { caller, workflowId, workflow, workspace, member } = question;
    const { workspaceId } = workflow;
    const { payerRule } = this.settings;
    const access = decideWorkspaceAccess({ caller, workspaceId, workspace, member, needed: 'read', payerRule });
    if (!access.allowed) return access.refusal;
    if (!workspace) throw new Error('access was given to a workspace that is not there');
    const { actorUserId, payerUserId } = access;
    const party = { caller, workflowId, workflow, workspace, actorUserId, payerUserId, payerRule: access.payerRule };
    return { ...party, json: partyJsonOf(party) };
  }

  private remember(answer: Remembered): void {
    let ofKey = this.ofWorkflow.get(answer.workflow);
    if (!ofKey) this.ofWorkflow.set(answer.workflow, (ofKey = new Map()));
    if (ofKey.size >= KEYS_MAX) ofKey.clear();
    ofKey.set(answer.caller.keyId, answer);
  }
}

/** Without a key there is no owner of one: whatever `PAYER_RULE` says, the workspace's billed account pays. */
function publicParty(question: PartyQuestion & { caller: PublicCaller }): RunParty | AccessRefusal {
  const { caller, workflowId, workflow, workspace, member } = question;
  if (!workspace) return 'workspaceUnknown';
  if (!member) return 'notMember';
  const payerUserId = workspace.billedAccountUserId;
  const payerRule = 'workspace' as const;
  const party = { caller, workflowId, workflow, workspace, actorUserId: caller.ownerId, payerUserId, payerRule };
  return { ...party, json: partyJsonOf(party) };
}

function isSame(known: Remembered, question: KeyQuestion): boolean {
  const { caller } = question;
  return (
    known.workflowId === question.workflowId &&
    known.workspace === question.workspace &&
    known.member === question.member &&
    known.caller.keyName === caller.keyName &&
    known.caller.keyKind === caller.keyKind &&
    known.caller.ownerId === caller.ownerId &&
    known.caller.workspaceId === caller.workspaceId
  );
}
