import { z } from 'zod';
import { nameSchema } from './names.js';

/** Most MCP servers of one workspace. */
export const MCP_SERVERS_PER_WORKSPACE_MAX = 100;
/** Most workflows that one MCP server offers. */
export const MCP_SERVER_WORKFLOWS_MAX = 100;
export const MCP_DESCRIPTION_LENGTH_MAX = 2_000;
export const MCP_SERVERS_PAGE_MAX = 200;

const idSchema = (label: string) =>
  z
    .string({ error: `${label} is required` })
    .min(1, `${label} is required`)
    .max(128)
    .refine((text) => !text.includes('\u0000'), `${label} must not contain NUL`);

const descriptionSchema = z
  .string()
  .max(MCP_DESCRIPTION_LENGTH_MAX, `Description must be at most ${MCP_DESCRIPTION_LENGTH_MAX} characters`)
  .refine(
    (text) => !text.includes('\u0000') && text.isWellFormed(),
    'Description must be well-formed text without NUL characters',
  );

const workflowIdsSchema = z
  .array(idSchema('Workflow ID'), { error: 'workflowIds must be a list of workflow ids' })
  .max(MCP_SERVER_WORKFLOWS_MAX, `At most ${MCP_SERVER_WORKFLOWS_MAX} workflows`)
  .refine((ids) => new Set(ids).size === ids.length, 'A workflow is named twice')
  .describe('In the order in which their tools are listed; the tools are those that are deployed');

const isPublicSchema = z.boolean().describe('A public server needs no key; its runs are the workspace owner’s to pay');

/** `POST /api/mcp/workflow-servers` (contract A3). */
export const createMcpServerBodySchema = z.strictObject({
  workspaceId: idSchema('Workspace ID'),
  name: nameSchema,
  description: descriptionSchema.nullish(),
  isPublic: isPublicSchema.default(false),
  workflowIds: workflowIdsSchema,
});
export type CreateMcpServerBody = z.infer<typeof createMcpServerBodySchema>;

/** `PATCH …/{id}`: what is left out stays as it is. */
export const updateMcpServerBodySchema = z
  .strictObject({
    name: nameSchema.optional(),
    description: descriptionSchema.nullish(),
    isPublic: isPublicSchema.optional(),
    workflowIds: workflowIdsSchema.optional(),
  })
  .refine((body) => Object.values(body).some((value) => value !== undefined), 'No updates provided');
export type UpdateMcpServerBody = z.infer<typeof updateMcpServerBodySchema>;

const pageShape = {
  limit: z.coerce.number().int().min(1).max(MCP_SERVERS_PAGE_MAX).default(100),
  cursor: z.string().max(500).optional(),
};
export const listMcpServersQuerySchema = z.strictObject({ workspaceId: idSchema('Workspace ID'), ...pageShape });
export const discoverMcpQuerySchema = z.strictObject(pageShape);

export const mcpServerSchema = z.object({
  id: z.string(),
  workspaceId: z.string(),
  name: z.string(),
  description: z.string().nullable(),
  isPublic: z.boolean(),
  workflowIds: z.array(z.string()),
  url: z.string().describe('Where MCP clients connect'),
  clientConfiguration: z
    .record(z.string(), z.unknown())
    .describe('For the settings file of an MCP client; put a key where it says so'),
  createdBy: z.string().describe('The person as whom a public server’s calls run'),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type McpServer = z.infer<typeof mcpServerSchema>;

export const mcpServerAnswerSchema = z.object({ server: mcpServerSchema });
export const mcpServersAnswerSchema = z.object({
  servers: z.array(mcpServerSchema),
  nextCursor: z.string().nullable(),
});

/** `GET /api/mcp/discover` (contract B7). */
export const mcpDiscoverAnswerSchema = z.object({
  success: z.literal(true),
  servers: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      description: z.string().nullable(),
      workspace: z.object({ id: z.string(), name: z.string() }),
      toolCount: z.int(),
      createdAt: z.iso.datetime(),
      url: z.string(),
    }),
  ),
  nextCursor: z.string().optional().describe('absent on the last page'),
  authentication: z.object({ method: z.literal('API Key'), header: z.literal('X-API-Key') }),
});
export type McpDiscoverAnswer = z.infer<typeof mcpDiscoverAnswerSchema>;

export const mcpMessageSchema = z
  .union([z.record(z.string(), z.unknown()), z.array(z.record(z.string(), z.unknown()))])
  .describe('A JSON-RPC 2.0 message of the Model Context Protocol, or a batch of them');

export const mcpServerInfoSchema = z.object({
  name: z.string(),
  version: z.string(),
  protocolVersion: z.string(),
  capabilities: z.object({ tools: z.object({}) }),
});
