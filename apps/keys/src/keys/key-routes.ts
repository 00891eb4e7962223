import {
  createdKeyAnswerSchema,
  createPersonalKeyBodySchema,
  createWorkspaceKeyBodySchema,
  defineRoutes,
  personalKeySchema,
  renamedKeyAnswerSchema,
  renameKeyBodySchema,
  revokedKeyAnswerSchema,
  revokedKeysAnswerSchema,
  revokeKeysBodySchema,
  workspaceKeySchema,
} from '@tollgate/contracts';
import { z } from 'zod';

const personal = { tag: 'Personal keys', auth: 'session' } as const;
const workspace = { tag: 'Workspace keys', auth: 'session' } as const;
const PERSONAL = '/api/users/me/api-keys';
const WORKSPACE = '/api/workspaces/:id/api-keys';

/** Keys (contract B1.1, A1 rows 3, 11 and 12). */
export const keyRoutes = defineRoutes([
  {
    ...personal,
    method: 'GET',
    path: PERSONAL,
    summary: "The caller's own keys, oldest first",
    answers: { 200: z.object({ keys: z.array(personalKeySchema) }) },
  },
  {
    ...personal,
    method: 'POST',
    path: PERSONAL,
    summary: 'Make a personal key; its text is shown this once',
    body: createPersonalKeyBodySchema,
    answers: { 200: createdKeyAnswerSchema },
    refusals: [400, 403, 409, 413, 415],
  },
  {
    ...personal,
    method: 'DELETE',
    path: `${PERSONAL}/:id`,
    summary: 'Revoke a personal key; when it answers, no gateway admits it',
    answers: { 200: revokedKeyAnswerSchema },
    refusals: [403, 404],
  },
  {
    ...workspace,
    method: 'GET',
    path: WORKSPACE,
    summary: "A workspace's keys, oldest first",
    answers: { 200: z.object({ keys: z.array(workspaceKeySchema) }) },
    refusals: [404],
  },
  {
    ...workspace,
    method: 'POST',
    path: WORKSPACE,
    summary: 'Make a workspace key; its text is shown this once',
    body: createWorkspaceKeyBodySchema,
    answers: { 200: createdKeyAnswerSchema },
    refusals: [400, 403, 409, 413, 415],
  },
  {
    ...workspace,
    method: 'PUT',
    path: `${WORKSPACE}/:keyId`,
    summary: 'Rename a workspace key',
    body: renameKeyBodySchema,
    answers: { 200: renamedKeyAnswerSchema },
    refusals: [400, 403, 404, 413, 415],
  },
  {
    ...workspace,
    method: 'DELETE',
    path: `${WORKSPACE}/:keyId`,
    summary: 'Revoke a workspace key; when it answers, no gateway admits it',
    answers: { 200: revokedKeyAnswerSchema },
    refusals: [403, 404],
  },
  {
    ...workspace,
    method: 'DELETE',
    path: WORKSPACE,
    summary: 'Revoke several workspace keys at once',
    body: revokeKeysBodySchema,
    answers: { 200: revokedKeysAnswerSchema },
    refusals: [400, 403, 413, 415],
  },
]);
