import { type Directory, memberRef, roleReaches } from '@tollgate/access';
import { Problem, type Role } from '@tollgate/contracts';

/**
 * Refuses unless the person has at least the role `needed` in the workspace. No member, no such workspace: `concealed`,
 * the answer for what is not there; a member with too small a role is told so: 403.
 */
export async function requireRole(
  directory: Directory,
  of: { userId: string; workspaceId: string; needed: Role; concealed: () => Problem },
): Promise<void> {
  const workspace = await directory.read('workspace', of.workspaceId);
  const member = await directory.read('member', memberRef(of.workspaceId, of.userId));
  if (!workspace || !member) throw of.concealed();
  if (!roleReaches(member.role, of.needed)) throw new Problem('forbidden');
}
