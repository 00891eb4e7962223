import { Database } from '@tollgate/service-kit';
import { CreateWorkflows1767225600000 } from './migrations/1767225600000-create-workflows.js';
import { CreateMcpServers1767312000000 } from './migrations/1767312000000-create-mcp-servers.js';
import { ClaimsOfPayers1767400100000 } from './migrations/1767400100000-claims-of-payers.js';
import { OpenJobs1767400000000 } from './migrations/1767400000000-open-jobs.js';
import { CreateJobs1767225700000 } from './migrations/1767225700000-create-jobs.js';
import { CreateIdempotencyClaims1767398400000 } from './migrations/1767398400000-create-idempotency-claims.js';

export const GATEWAY_SCHEMA = 'gateway';

/** The gateway's own schema: workflows, their deployments, their sealed secrets, queued runs. The hot path never asks it. */
export abstract class GatewayDatabase extends Database {}

export const GATEWAY_MIGRATIONS = [
  CreateWorkflows1767225600000,
  CreateJobs1767225700000,
  CreateMcpServers1767312000000,
  CreateIdempotencyClaims1767398400000,
  OpenJobs1767400000000,
  ClaimsOfPayers1767400100000,
];
