import type { ClientWorld } from './client-world.js';

/** A run that is refused, and what any v1 client is told: text, code and status. */
export interface Refusal {
  name: string;
  /** The key and the workflow of the call. */
  by: (world: ClientWorld) => Promise<{ key: string; workflowId: string }>;
  message: string | RegExp;
  code: string;
  status: number;
}

const greeting = (key: (world: ClientWorld) => string) => (world: ClientWorld) =>
  Promise.resolve({ key: key(world), workflowId: world.workflows.greeting });
const own = (newcomer: { key: { key: string }; workflowId: string }) => ({
  key: newcomer.key.key,
  workflowId: newcomer.workflowId,
});

/** Contract B2, B3.1: every refusal of a run that has a face of its own. */
export const V1_RUN_REFUSALS: Refusal[] = [
  {
    name: 'a key that nobody issued',
    by: greeting((world) => world.badKey),
    message: 'Invalid API key',
    code: 'UNAUTHORIZED',
    status: 401,
  },
  {
    name: 'a key of another workspace',
    by: greeting((world) => world.keys.foreign),
    message: 'API key is not authorized for this workspace',
    code: 'FORBIDDEN',
    status: 403,
  },
  {
    name: 'a personal key of somebody who is no member',
    by: greeting((world) => world.keys.outsider),
    message: 'Unauthorized: Access denied to read this workflow',
    code: 'FORBIDDEN',
    status: 403,
  },
  {
    name: 'a personal key where they are switched off',
    by: async (world) => own(await world.behindClosedDoor()),
    message: 'Personal API keys are not allowed for this workspace',
    code: 'PERSONAL_API_KEYS_DISABLED',
    status: 403,
  },
  {
    name: 'a workflow that is not deployed',
    by: (world) => Promise.resolve({ key: world.keys.personal, workflowId: world.workflows.draft }),
    message: 'Workflow is not deployed',
    code: 'WORKFLOW_NOT_DEPLOYED',
    status: 403,
  },
  {
    name: 'a workflow that is not there',
    by: (world) => Promise.resolve({ key: world.keys.personal, workflowId: 'no-such-workflow' }),
    message: 'Workflow not found',
    code: 'NOT_FOUND',
    status: 404,
  },
  {
    name: 'a budget that is used up',
    by: async (world) => own(await world.broke()),
    message: /^Usage limit exceeded: \$0\.00 used of \$0\.00 limit\./,
    code: 'USAGE_LIMIT_EXCEEDED',
    status: 402,
  },
  {
    name: 'a rate that is used up',
    by: async (world) => own(await world.hasty()),
    message: /^Rate limit exceeded/,
    code: 'RATE_LIMIT_EXCEEDED',
    status: 429,
  },
];

/** For `toMatchObject`. */
export function asMessage(message: string | RegExp): unknown {
  return typeof message === 'string' ? message : expect.stringMatching(message);
}
