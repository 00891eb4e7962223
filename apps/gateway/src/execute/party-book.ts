import {
  type AccessRefusal,
  type AccessSettings,
  type Caller,
  decideWorkspaceAccess,
  type MemberEntry,
  type WorkflowEntry,
  type WorkspaceEntry,
} from '@tollgate/access';
import { partyJsonOf, type RunParty } from './run-events.js';

/** Keys remembered per workflow; beyond it all of that workflow are forgotten and decided anew. */
const KEYS_MAX = 10_000;

export interface PartyQuestion {
  caller: Caller;
  workflowId: string;
  workflow: WorkflowEntry;
  workspace: WorkspaceEntry | undefined;
  member: MemberEntry | undefined;
}

type Remembered = PartyQuestion & { party: RunParty };

/**
 * Who runs what for whom, remembered per workflow and key. The directory's entries are frozen and replaced when they
 * change, so an answer holds exactly as long as it was made from the very same entries; refusals are not remembered.
 */
export class PartyBook {
  private readonly ofWorkflow = new WeakMap<WorkflowEntry, Map<string, Remembered>>();

  constructor(private readonly settings: AccessSettings) {}

  /** The parties of a run, or why this caller may not run this workflow. */
  partyOf(question: PartyQuestion): RunParty | AccessRefusal {
    const known = this.ofWorkflow.get(question.workflow)?.get(question.caller.keyId);
    if (known && isSame(known, question)) return known.party;
    const party = this.decide(question);
    if (typeof party !== 'string') this.remember({ ...question, party });
    return party;
  }

  private decide(question: PartyQuestion): RunParty | AccessRefusal {
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

function isSame(known: Remembered, question: PartyQuestion): boolean {
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
