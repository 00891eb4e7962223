import {
  createMcpServerBodySchema,
  defineRoutes,
  discoverMcpQuerySchema,
  listMcpServersQuerySchema,
  mcpDiscoverAnswerSchema,
  mcpMessageSchema,
  mcpServerAnswerSchema,
  mcpServerInfoSchema,
  mcpServersAnswerSchema,
  RUN_BODY_BYTES_MAX,
  updateMcpServerBodySchema,
} from '@tollgate/contracts';
import { z } from 'zod';

const managed = { tag: 'MCP servers', auth: 'session' } as const;
const served = {
  tag: 'MCP',
  auth: 'api-key',
  path: '/api/mcp/serve/:serverId',
  bodyBytesMax: RUN_BODY_BYTES_MAX,
} as const;

/** The gateway's MCP routes. */
export const mcpRoutes = defineRoutes([
  {
    ...managed,
    method: 'POST',
    path: '/api/mcp/workflow-servers',
    summary: 'Offer workflows as the tools of an MCP server',
    body: createMcpServerBodySchema,
    answers: { 200: mcpServerAnswerSchema },
    refusals: [400, 403, 404, 409],
  },
  {
    ...managed,
    method: 'GET',
    path: '/api/mcp/workflow-servers',
    summary: 'MCP servers of a workspace, oldest first',
    query: listMcpServersQuerySchema,
    answers: { 200: mcpServersAnswerSchema },
    refusals: [400, 403, 404],
  },
  {
    ...managed,
    method: 'PATCH',
    path: '/api/mcp/workflow-servers/:id',
    summary: 'Change an MCP server; what is taken away is refused from the answer on',
    body: updateMcpServerBodySchema,
    answers: { 200: mcpServerAnswerSchema },
    refusals: [400, 403, 404],
  },
  {
    ...managed,
    method: 'DELETE',
    path: '/api/mcp/workflow-servers/:id',
    summary: 'Delete an MCP server; its workflows stay',
    answers: { 200: z.object({ success: z.literal(true) }) },
    refusals: [403, 404],
  },
  {
    tag: 'MCP',
    auth: 'api-key',
    method: 'GET',
    path: '/api/mcp/discover',
    summary: 'MCP servers that the key can use',
    query: discoverMcpQuerySchema,
    answers: { 200: mcpDiscoverAnswerSchema },
    refusals: [400],
  },
  {
    ...served,
    method: 'POST',
    summary: 'Speak with an MCP server: JSON-RPC over Streamable HTTP, answered in JSON; a public one needs no key',
    body: mcpMessageSchema,
    answers: { 200: mcpMessageSchema, 202: z.undefined() },
    refusals: [400, 402, 403, 404, 413, 415, 429],
  },
  {
    ...served,
    method: 'GET',
    summary: 'What the MCP server is; 405 for who asks for an event stream, which there is none of',
    answers: { 200: mcpServerInfoSchema },
    refusals: [403, 404, 405],
  },
  {
    ...served,
    method: 'DELETE',
    summary: 'End a session; nothing is kept of one',
    answers: { 204: z.undefined() },
    refusals: [403, 404],
  },
]);
