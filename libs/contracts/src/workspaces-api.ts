import { z } from 'zod';
import { emailSchema } from './accounts-api.js';
import { roleSchema } from './events-control.js';
import { nameSchema } from './names.js';
import { nextCursorSchema, pageQuerySchema } from './page-query.js';

/** Most members of a workspace, and of one page of them. */
export const MEMBERS_MAX = 1_000;
/** Most invitations of a workspace that wait to be taken up. */
export const INVITATIONS_PENDING_MAX = 1_000;
/** Most workspaces that one person may own. */
export const WORKSPACES_OWNED_MAX = 1_000;
/** Most workspaces of one page, and its size unless asked for less. */
export const WORKSPACES_PAGE_MAX = 1_000;
/** Most changes of one request. */
export const ROLE_UPDATES_MAX = 500;
export const INVITATION_DAYS = 7;
/** Most invitations of one page, and its size unless asked for less. */
export const INVITATIONS_PAGE_MAX = 100;

const idSchema = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be an id');
const instant = z.iso.datetime();

/** `POST /api/workspaces` (contract A3). */
export const createWorkspaceBodySchema = z.object({ name: nameSchema });

/** `PATCH /api/workspaces/{id}`: what is absent stays. */
export const changeWorkspaceBodySchema = z.object({
  name: nameSchema.optional(),
  allowPersonalApiKeys: z.boolean({ error: 'allowPersonalApiKeys must be true or false' }).optional(),
  billedAccountUserId: z.string({ error: 'billedAccountUserId must be a user id' }).max(200).optional(),
});
export type ChangeWorkspaceBody = z.output<typeof changeWorkspaceBodySchema>;

export const workspacesQuerySchema = pageQuerySchema(WORKSPACES_PAGE_MAX);
export const permissionsQuerySchema = pageQuerySchema(MEMBERS_MAX);

/** `GET /api/workspaces/{id}/invitations`. */
export const invitationsQuerySchema = z.object({
  limit: z.coerce
    .number({ error: 'limit must be a number' })
    .int('limit must be a whole number')
    .min(1, `limit must be 1 to ${INVITATIONS_PAGE_MAX}`)
    .max(INVITATIONS_PAGE_MAX, `limit must be 1 to ${INVITATIONS_PAGE_MAX}`)
    .default(INVITATIONS_PAGE_MAX),
  cursor: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,600}$/, 'cursor must be nextCursor of the page before')
    .optional(),
});

/** `POST /api/workspaces/{id}/members`. */
export const addMemberBodySchema = z.object({
  email: emailSchema,
  permission: z.enum(roleSchema.options, { error: 'permission must be admin, write or read' }),
});

/** `PATCH /api/workspaces/{id}/permissions`. */
export const changeRolesBodySchema = z.object({
  updates: z
    .array(
      z.object({
        userId: idSchema,
        permissions: z.enum(roleSchema.options, { error: 'permissions must be admin, write or read' }),
      }),
      { error: 'updates must be a list' },
    )
    .min(1, 'No updates provided')
    .max(ROLE_UPDATES_MAX, `At most ${ROLE_UPDATES_MAX} updates at once`)
    .refine(
      (updates) => new Set(updates.map(({ userId }) => userId)).size === updates.length,
      'A member can be named once only',
    ),
});

export const workspaceSchema = z.object({
  id: z.string(),
  name: z.string(),
  ownerId: z.string(),
  billedAccountUserId: z.string(),
  allowPersonalApiKeys: z.boolean(),
  permissions: roleSchema.describe("the caller's own role"),
  createdAt: instant,
});
export type WorkspaceView = z.infer<typeof workspaceSchema>;

export const workspaceAnswerSchema = z.object({ workspace: workspaceSchema });
export const workspacesAnswerSchema = z.object({
  workspaces: z.array(workspaceSchema),
  nextCursor: nextCursorSchema,
});

export const permissionSchema = z.object({
  userId: z.string(),
  email: z.string(),
  name: z.string(),
  permissionType: roleSchema,
});
export type PermissionView = z.infer<typeof permissionSchema>;
export const permissionsAnswerSchema = z.object({
  users: z.array(permissionSchema),
  total: z.int().describe('all members, whatever the page'),
  nextCursor: nextCursorSchema,
});

/** A member at once, or (no `userId`) an invitation; its link is shown here and never again. */
export const addedMemberAnswerSchema = z.object({
  member: z.object({ userId: z.string().nullable(), email: z.string(), permissionType: roleSchema }),
  invitation: z
    .object({ id: z.string(), token: z.string(), link: z.string(), expiresAt: instant })
    .optional()
    .describe('present when no account has this address yet'),
});

/** An invitation that waits to be taken up; its link is not kept, so it is not here. */
export const pendingInvitationSchema = z.object({
  id: z.string(),
  email: z.string(),
  permission: roleSchema,
  invitedBy: z.string().describe('user id of the admin who invited'),
  createdAt: instant,
  expiresAt: instant,
});
export type PendingInvitationView = z.infer<typeof pendingInvitationSchema>;
/** In the order of their addresses. */
export const invitationsAnswerSchema = z.object({
  invitations: z.array(pendingInvitationSchema),
  nextCursor: z.string().optional().describe('absent on the last page'),
});

/** `GET /api/workspaces/{id}/personal-keys`: what the switch for personal keys stops, or lets in. */
export const personalKeysReachSchema = z.object({
  keys: z
    .int()
    .min(0)
    .describe(
      'personal keys of members that would be admitted here now: not revoked, not expired, owner not suspended',
    ),
  owners: z.int().min(0).describe('members who hold them'),
});
export type PersonalKeysReach = z.infer<typeof personalKeysReachSchema>;

export const acceptedInvitationAnswerSchema = z.object({ success: z.literal(true), workspace: workspaceSchema });
export const successAnswerSchema = z.object({ success: z.literal(true) });
