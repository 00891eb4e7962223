import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import type { Directory, McpServerEntry, WorkflowEntry } from '@tollgate/access';
import { invalidParams } from './mcp-fault.js';
import { uniqueToolNames } from './tool-names.js';

/** Most tools of one page of `tools/list`. */
export const TOOLS_PAGE_MAX = 50;

/** A workflow as a server offers it. */
export interface OfferedWorkflow {
  workflowId: string;
  toolName: string;
  workflow: WorkflowEntry;
}

/** What a server offers, deployed or not, so that a tool's name does not depend on what else is deployed. */
export async function offeredWorkflows(directory: Directory, server: McpServerEntry): Promise<OfferedWorkflow[]> {
  const offered: Omit<OfferedWorkflow, 'toolName'>[] = [];
  for (const workflowId of server.workflowIds) {
    const workflow = await directory.read('workflow', workflowId);
    if (workflow && workflow.workspaceId === server.workspaceId) offered.push({ workflowId, workflow });
  }
  const names = uniqueToolNames(offered.map(({ workflow }) => workflow.name));
  return offered.map((one, place) => ({ ...one, toolName: names[place] as string }));
}

/** One page of the tools: what is deployed. Throws for a cursor that names no tool of this server any more. */
export function toolsPage(
  offered: readonly OfferedWorkflow[],
  cursor: string | undefined,
  pageMax = TOOLS_PAGE_MAX,
): { tools: Tool[]; nextCursor?: string } {
  const deployed = offered.filter(({ workflow }) => workflow.deployment !== null);
  const begin = cursor === undefined ? 0 : placeAfter(deployed, cursor);
  const page = deployed.slice(begin, begin + pageMax);
  const last = page.at(-1);
  const isMore = begin + pageMax < deployed.length && last !== undefined;
  return { tools: page.map(toolOf), ...(isMore && { nextCursor: cursorOf(last) }) };
}

function cursorOf({ workflowId }: OfferedWorkflow): string {
  return Buffer.from(workflowId).toString('base64url');
}

function placeAfter(deployed: readonly OfferedWorkflow[], cursor: string): number {
  const place = deployed.findIndex((one) => cursorOf(one) === cursor);
  if (place < 0) throw invalidParams('Invalid cursor: list the tools from the beginning');
  return place + 1;
}

function toolOf({ toolName, workflow }: OfferedWorkflow): Tool {
  const { name, description, deployment } = workflow;
  return {
    name: toolName,
    description: description ?? `Runs the workflow "${name}"`,
    inputSchema: toolSchema(deployment?.inputSchema ?? {}),
  };
}

/** A tool's schema is one of an object whose properties are objects too: clients refuse a whole list for one that is not. */
function toolSchema(schema: Record<string, unknown>): Tool['inputSchema'] {
  const properties = Object.entries((schema.properties ?? {}) as Record<string, unknown>).map(([name, rule]) => [
    name,
    typeof rule === 'object' && rule !== null && !Array.isArray(rule) ? rule : rule === false ? { not: {} } : {},
  ]);
  return { ...schema, type: 'object', properties: Object.fromEntries(properties) as Record<string, object> };
}
