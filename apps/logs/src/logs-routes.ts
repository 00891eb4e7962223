import {
  defineRoutes,
  executionDetailSchema,
  logDetailSchema,
  logListQuerySchema,
  logListSchema,
  sessionLogDetailSchema,
  sessionLogListSchema,
} from '@tollgate/contracts';

const tag = 'Logs';

export const logsRoutes = defineRoutes([
  {
    method: 'GET',
    path: '/api/v1/logs',
    tag,
    summary: 'Runs of a workspace, newest first, page by page',
    auth: 'api-key',
    query: logListQuerySchema,
    answers: { 200: logListSchema },
    refusals: [400, 403, 429],
  },
  {
    method: 'GET',
    path: '/api/v1/logs/:id',
    tag,
    summary: 'One run in full',
    auth: 'api-key',
    answers: { 200: logDetailSchema },
    refusals: [404, 429],
  },
  {
    method: 'GET',
    path: '/api/v1/logs/executions/:executionId',
    tag,
    summary: 'The deployed snapshot that a run used',
    auth: 'api-key',
    answers: { 200: executionDetailSchema },
    refusals: [404, 429],
  },
  {
    method: 'GET',
    path: '/api/logs',
    tag,
    summary: 'Runs of a workspace, for a member who is signed in',
    auth: 'session',
    query: logListQuerySchema,
    answers: { 200: sessionLogListSchema },
    refusals: [400, 404],
  },
  {
    method: 'GET',
    path: '/api/logs/:id',
    tag,
    summary: 'One run in full, with its key and client',
    auth: 'session',
    answers: { 200: sessionLogDetailSchema },
    refusals: [404],
  },
]);
