import { z } from 'zod';
import { v2Cursor, v2Flag, v2Limit, v2Page, v2Text, v2Word } from './v2-values.js';

/** Meta, workspaces and workflows of v2 (contract B9.4). */
const at = z.iso.datetime();

export const metaSchema = z.object({
  data: z.object({
    v2Enabled: z.literal(true),
    keyType: z.enum(['personal', 'workspace']),
    expiresAt: at.nullable(),
  }),
});

export const v2WorkspaceListQuerySchema = z.strictObject({
  sortBy: v2Word('sortBy', ['name', 'createdAt', 'updatedAt']).default('createdAt'),
  sortOrder: v2Word('sortOrder', ['asc', 'desc']).default('desc'),
  limit: v2Limit(25),
  cursor: v2Cursor(),
});
export type V2WorkspaceListQuery = z.output<typeof v2WorkspaceListQuerySchema>;

export const v2WorkspaceSchema = z.object({
  id: z.string(),
  name: z.string(),
  color: z.string(),
  logoUrl: z.string().nullable(),
  memberCount: z.int(),
  createdAt: at,
  updatedAt: at,
});
export type V2Workspace = z.infer<typeof v2WorkspaceSchema>;
export const v2WorkspacesAnswerSchema = v2Page(v2WorkspaceSchema);
export const v2WorkspaceAnswerSchema = z.object({ data: v2WorkspaceSchema });

/** There are no folders: all workflows are in the root, and `folderPath` of another one finds none. */
export const ROOT_FOLDER_PATH = '/';

export const v2WorkflowListQuerySchema = z.strictObject({
  workspaceId: v2Text('workspaceId'),
  scope: v2Word('scope', ['active', 'archived']).default('active').describe('deleted workflows are not kept'),
  folderPath: v2Text('folderPath', 1_000).optional(),
  deployedOnly: v2Flag('deployedOnly').optional(),
  search: v2Text('search', 200).optional().describe('a part of the name, in any case'),
  sortBy: v2Word('sortBy', ['position', 'name', 'createdAt', 'updatedAt']).default('position'),
  sortOrder: v2Word('sortOrder', ['asc', 'desc']).default('asc'),
  limit: v2Limit(),
  cursor: v2Cursor(),
});
export type V2WorkflowListQuery = z.output<typeof v2WorkflowListQuerySchema>;

export const v2WorkflowSchema = z.object({
  id: z.string(),
  webUrl: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  folderPath: z.string(),
  workspaceId: z.string(),
  isDeployed: z.boolean(),
  deployedAt: at.nullable(),
  runCount: z.int(),
  lastRunAt: at.nullable(),
  createdAt: at,
  updatedAt: at,
});
export type V2Workflow = z.infer<typeof v2WorkflowSchema>;
export const v2WorkflowsAnswerSchema = v2Page(v2WorkflowSchema);
export const v2WorkflowDetailSchema = v2WorkflowSchema.extend({
  variables: z.record(z.string(), z.unknown()),
  inputs: z.array(z.object({ name: z.string(), type: z.string(), description: z.string().optional() })),
});
export type V2WorkflowDetail = z.infer<typeof v2WorkflowDetailSchema>;
export const v2WorkflowAnswerSchema = z.object({ data: v2WorkflowDetailSchema });
