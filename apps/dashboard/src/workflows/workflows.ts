import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query';
import type { CreateWorkflowBody, UpdateWorkflowBody, Workflow } from '@tollgate/contracts';
import { ask, withQuery } from '../server/ask.js';
import { queryClient } from '../server/query-client.js';

export type { CreateWorkflowBody, UpdateWorkflowBody, Workflow };

interface WorkflowsPage {
  workflows: Workflow[];
  nextCursor: string | null;
}

const listPage = (workspaceId: string, cursor: string | undefined, signal: AbortSignal) =>
  ask<WorkflowsPage>(withQuery('/api/workflows', { workspaceId, cursor }), { signal });

/** The workflows of a workspace, page by page. */
export const workflowsQuery = (workspaceId: string) =>
  infiniteQueryOptions({
    queryKey: ['workflows', workspaceId],
    queryFn: ({ signal, pageParam }) => listPage(workspaceId, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });

export const workflowQuery = (id: string) =>
  queryOptions({
    queryKey: ['workflow', id],
    queryFn: async ({ signal }) =>
      (await ask<{ workflow: Workflow }>(`/api/workflows/${encodeURIComponent(id)}`, { signal })).workflow,
  });

/** `signingSecret` is in the answer that made it and never again: it stays in a component's state. */
export interface KeptWorkflow {
  workflow: Workflow;
  signingSecret?: string;
}

export const createWorkflow = (body: CreateWorkflowBody) =>
  ask<KeptWorkflow>('/api/workflows', { method: 'POST', body });

export const updateWorkflow = (id: string, body: UpdateWorkflowBody) =>
  ask<KeptWorkflow>(`/api/workflows/${id}`, { method: 'PUT', body });

export const deleteWorkflow = (id: string) => ask(`/api/workflows/${id}`, { method: 'DELETE' });

export const deployWorkflow = (id: string) =>
  ask<{ deployedAt: string }>(`/api/workflows/${id}/deploy`, { method: 'POST', body: {} });

export const undeployWorkflow = (id: string) => ask(`/api/workflows/${id}/deploy`, { method: 'DELETE' });

/** Reads again whatever shows this workflow. */
export function refreshWorkflow({ id, workspaceId }: Pick<Workflow, 'id' | 'workspaceId'>): Promise<unknown> {
  return Promise.all([
    queryClient.invalidateQueries({ queryKey: ['workflow', id] }),
    queryClient.invalidateQueries({ queryKey: ['workflows', workspaceId] }),
  ]);
}

/** The sample of the first minute: the same greeting that `npm run seed` makes. */
export const SAMPLE = {
  name: 'Greeting',
  description: 'A sample: greets whoever is named in the input.',
  expression: '{\n  "greeting": "Hello, " & (name ? name : "world") & "!",\n  "received": $\n}',
  input: { name: 'Ada' },
};
