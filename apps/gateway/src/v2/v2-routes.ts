import {
  defineRoutes,
  metaSchema,
  RUN_BODY_BYTES_MAX,
  v2ExecuteAnswerSchema,
  v2ExecuteBodySchema,
  v2ExecuteHeadersSchema,
  v2WorkflowAnswerSchema,
  v2WorkflowListQuerySchema,
  v2WorkflowsAnswerSchema,
} from '@tollgate/contracts';

const execution = { tag: 'Execution v2', auth: 'api-key' } as const;
const workflows = { tag: 'Workflows v2', auth: 'api-key' } as const;

/** The gateway's routes of v2. */
export const v2Routes = defineRoutes([
  {
    method: 'GET',
    path: '/api/v2/meta',
    tag: 'Meta v2',
    summary: 'Whether the key works, and of which kind it is',
    auth: 'api-key',
    answers: { 200: metaSchema },
    refusals: [400, 429],
  },
  {
    ...workflows,
    method: 'GET',
    path: '/api/v2/workflows',
    summary: 'Workflows of a workspace',
    query: v2WorkflowListQuerySchema,
    answers: { 200: v2WorkflowsAnswerSchema },
    refusals: [400, 403, 404, 429],
  },
  {
    ...workflows,
    method: 'GET',
    path: '/api/v2/workflows/:workflowId',
    summary: 'One workflow',
    answers: { 200: v2WorkflowAnswerSchema },
    refusals: [400, 403, 404, 429],
  },
  {
    ...execution,
    method: 'POST',
    path: '/api/v2/workflows/:workflowId/execute',
    summary: 'Run a deployed workflow; a run that failed is a 200 with its error',
    headers: v2ExecuteHeadersSchema,
    body: v2ExecuteBodySchema,
    bodyBytesMax: RUN_BODY_BYTES_MAX,
    answers: { 200: v2ExecuteAnswerSchema },
    refusals: [400, 402, 403, 404, 409, 413, 415, 429],
  },
]);
