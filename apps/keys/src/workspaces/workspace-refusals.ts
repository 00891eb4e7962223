import { INVITATIONS_PENDING_MAX, MEMBERS_MAX, Problem, WORKSPACES_OWNED_MAX } from '@tollgate/contracts';
import type { AcceptOutcome } from './accept-invitation.js';
import type { AddMemberOutcome } from './add-member.js';
import type { ChangeRolesOutcome } from './change-roles.js';
import type { ChangeWorkspaceOutcome } from './change-workspace.js';
import type { CreateWorkspaceOutcome } from './create-workspace.js';
import type { RemoveMemberOutcome } from './remove-member.js';

type Outcome =
  ChangeWorkspaceOutcome | CreateWorkspaceOutcome | AddMemberOutcome | ChangeRolesOutcome | RemoveMemberOutcome;
type Refusal = Exclude<Outcome['outcome'], 'done' | 'created' | 'added' | 'invited'>;

/** The words of contract B1.1 where it has them. */
const REFUSALS: Record<Refusal, readonly ['notFound' | 'forbidden' | 'badRequest' | 'conflict', text: string]> = {
  notFound: ['notFound', 'Workspace not found'],
  insufficientRole: ['forbidden', 'Insufficient permissions'],
  billedAccountNotAdmin: ['badRequest', 'Billed account must be a workspace admin'],
  tooManyWorkspaces: ['badRequest', `At most ${WORKSPACES_OWNED_MAX} workspaces can be owned by one account`],
  alreadyMember: ['conflict', 'This account is already a member of the workspace'],
  tooManyMembers: ['badRequest', `A workspace can have at most ${MEMBERS_MAX} members`],
  tooManyInvitations: ['badRequest', `A workspace can have at most ${INVITATIONS_PENDING_MAX} pending invitations`],
  notMember: ['notFound', 'Member not found'],
  ownerStaysAdmin: ['badRequest', 'The workspace owner must stay an admin'],
  billedAccountStaysAdmin: ['badRequest', 'The billed account must stay a workspace admin'],
  ownerStays: ['badRequest', 'The workspace owner cannot be removed'],
  billedAccountStays: ['badRequest', 'The billed account cannot be removed: bill another workspace admin first'],
};

export function workspaceProblem(refusal: Refusal): Problem {
  const [kind, text] = REFUSALS[refusal];
  return new Problem(kind, { text });
}

export const workspaceNotFound = () => workspaceProblem('notFound');

export function invitationProblem(outcome: Exclude<AcceptOutcome['outcome'], 'accepted'>): Problem {
  return outcome === 'notFound' ? new Problem('notFound', { text: 'Invitation not found' }) : workspaceProblem(outcome);
}
