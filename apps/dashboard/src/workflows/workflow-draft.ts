import type { CreateWorkflowBody, Workflow } from './workflows.js';
import { jsonFault } from './place.js';

/** What the form holds; text as it is typed. */
export interface WorkflowDraft {
  name: string;
  description: string;
  kind: 'expression' | 'http';
  expression: string;
  url: string;
  timeoutSeconds: string;
  /** Whether the header list below replaces what the server keeps. */
  sendHeaders: boolean;
  headers: { name: string; value: string }[];
  inputSchema: string;
}

export const EMPTY_DRAFT: WorkflowDraft = {
  name: '',
  description: '',
  kind: 'expression',
  expression: '',
  url: '',
  timeoutSeconds: '',
  sendHeaders: true,
  headers: [],
  inputSchema: '',
};

export function draftOf(workflow: Workflow): WorkflowDraft {
  const { runner } = workflow;
  return {
    ...EMPTY_DRAFT,
    name: workflow.name,
    description: workflow.description ?? '',
    kind: runner.kind,
    inputSchema: workflow.inputSchema ? JSON.stringify(workflow.inputSchema, null, 2) : '',
    ...(runner.kind === 'expression'
      ? { expression: runner.expression }
      : {
          url: runner.url,
          timeoutSeconds: runner.timeoutMs === undefined ? '' : String(runner.timeoutMs / 1000),
          sendHeaders: runner.headerNames.length === 0,
        }),
  };
}

/** The body that a draft means: what is created, and as well what an update sends. */
export function bodyOf(draft: WorkflowDraft): Omit<CreateWorkflowBody, 'workspaceId'> {
  const headers = Object.fromEntries(
    draft.headers.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]),
  );
  return {
    name: draft.name,
    description: draft.description.trim() === '' ? null : draft.description,
    inputSchema: draft.inputSchema.trim() === '' ? null : (JSON.parse(draft.inputSchema) as Record<string, unknown>),
    runner:
      draft.kind === 'expression'
        ? { kind: 'expression', expression: draft.expression }
        : {
            kind: 'http',
            url: draft.url.trim(),
            ...(draft.sendHeaders && { headers }),
            ...(draft.timeoutSeconds.trim() !== '' && { timeoutMs: Math.round(Number(draft.timeoutSeconds) * 1000) }),
          },
  };
}

/** Faults by field, before the server is asked; it has the last word. */
export const draftFaults = {
  name: (name: string) => (name.trim() === '' ? 'A name is needed' : null),
  expression: (text: string, { kind }: WorkflowDraft) =>
    kind === 'expression' && text.trim() === '' ? 'An expression is needed; $ alone gives the input back' : null,
  url: (text: string, { kind }: WorkflowDraft) =>
    kind === 'http' && !/^https?:\/\/\S+$/.test(text.trim()) ? 'A URL is needed: https://…' : null,
  timeoutSeconds: (text: string, { kind }: WorkflowDraft) =>
    kind === 'http' && text.trim() !== '' && !(Number(text) >= 0.1 && Number(text) <= 3600)
      ? 'From 0.1 to 3600 seconds'
      : null,
  inputSchema: (text: string) => (text.trim() === '' ? null : jsonFault(text, { object: true })),
};

/** The server's fault paths (`runner.expression`) → fields of the form. */
export function formFaults(faults: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(faults).map(([path, message]) => {
      const field = path.replace(/^runner\./, '');
      if (field.startsWith('headers')) return ['headers', `${field.slice('headers.'.length)}: ${message}`];
      return [field === 'timeoutMs' ? 'timeoutSeconds' : field.split('.')[0]!, message];
    }),
  );
}
