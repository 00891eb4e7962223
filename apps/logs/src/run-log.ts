import { Injectable } from '@nestjs/common';
import type { ClientProgram, EventData, KeyKind, LogLevel, runOriginSchema, Trigger } from '@tollgate/contracts';
import type { z } from 'zod';
import { LogsDatabase } from './logs-database.js';
import { pageSql } from './run-log-sql.js';
import type { RunPageRequest } from './run-page-request.js';

/** What a page tells of a run; its texts are fetched apart, since they may be large. */
export interface RunEntry {
  runId: string;
  workspaceId: string;
  workflowId: string;
  workflowName: string;
  deploymentVersionId: string | null;
  trigger: Trigger;
  level: LogLevel;
  status: EventData<'RunFinished'>['status'];
  startedAt: Date;
  endedAt: Date;
  durationMs: number;
  costMicros: number;
  createdAt: Date;
  outputBytes: number;
  actorUserId: string | null;
  client: ClientProgram;
}

/** What went in and came out of a run. */
export interface RunTexts {
  input: unknown;
  output: unknown;
  error: { code: string; message: string } | null;
}

/** Which key made a run, from which client. */
export type RunOrigin = z.infer<typeof runOriginSchema>;

interface OriginRow {
  key_id: string | null;
  key_name: string | null;
  key_kind: KeyKind | null;
  user_agent: string | null;
  client_info: string | null;
  request_id: string;
}

interface EntryRow extends Omit<RunEntry, 'durationMs' | 'costMicros' | 'client'> {
  clientName: string | null;
  clientVersion: string | null;
  durationMs: string;
  costMicros: string;
}

export const ENTRY_COLUMNS = `run_id AS "runId", workspace_id AS "workspaceId", workflow_id AS "workflowId",
  workflow_name AS "workflowName", deployment_version_id AS "deploymentVersionId", trigger, level, status,
  started_at AS "startedAt", ended_at AS "endedAt", duration_ms AS "durationMs", cost_micros AS "costMicros",
  created_at AS "createdAt", octet_length(output) AS "outputBytes",
  actor_user_id AS "actorUserId", client_name AS "clientName", client_version AS "clientVersion"`;

/** Most workspaces that are asked for one run id; ids of the platform's own making have one. */
const WORKSPACES_MAX = 100;

/**
 * The read side of the run log. Pages are by keyset on (start, run id) and cost the same at any depth; there are no
 * totals and no offsets. Nothing here knows who asks: the caller has decided that.
 */
@Injectable()
export class RunLog {
  constructor(private readonly database: LogsDatabase) {}

  /** Runs in order; each at most once over all pages of one order, while others are recorded. */
  async page(request: RunPageRequest): Promise<RunEntry[]> {
    const { text, values } = pageSql(request, ENTRY_COLUMNS);
    const { rows } = await this.database.pool.query<EntryRow>(text, values);
    return rows.map(entryOf);
  }

  /**
   * The workspaces that have runs of this id, the newest first: callers may choose ids, and two workspaces the same. So
   * who may read decides which run is meant, and nobody hides another's run by using its id.
   */
  async workspacesOf(runId: string): Promise<string[]> {
    const { rows } = await this.database.pool.query<{ workspace_id: string }>(
      `SELECT workspace_id FROM logs.run_ids WHERE run_id = $1
       GROUP BY workspace_id ORDER BY max(started_at) DESC LIMIT ${WORKSPACES_MAX}`,
      [runId],
    );
    return rows.map((row) => row.workspace_id);
  }

  /** A workspace's run of this id, of one payer where he is named; the newest, when the id was chosen again. */
  async find(workspaceId: string, runId: string, payerUserId?: string): Promise<RunEntry | undefined> {
    const places = 'FROM logs.run_ids WHERE run_id = $2 AND workspace_id = $1';
    // Where the payer matters all places are looked at: `run_ids` does not know him.
    const place =
      payerUserId === undefined
        ? `started_at = (SELECT max(started_at) ${places})`
        : `started_at = ANY (ARRAY(SELECT started_at ${places})) AND payer_user_id = $3`;
    const { rows } = await this.database.pool.query<EntryRow>(
      `SELECT ${ENTRY_COLUMNS} FROM logs.run_log WHERE workspace_id = $1 AND run_id = $2 AND ${place}
       ORDER BY started_at DESC LIMIT 1`,
      payerUserId === undefined ? [workspaceId, runId] : [workspaceId, runId, payerUserId],
    );
    return rows[0] && entryOf(rows[0]);
  }

  /** Who called, and with what. */
  async origin(entry: RunEntry): Promise<RunOrigin> {
    const { rows } = await this.database.pool.query<OriginRow>(
      `SELECT key_id, key_name, key_kind, user_agent, client_info, request_id FROM logs.run_log
       WHERE workspace_id = $1 AND started_at = $2 AND run_id = $3 LIMIT 1`,
      [entry.workspaceId, entry.startedAt, entry.runId],
    );
    const row = rows[0];
    if (!row) throw new Error(`Run ${entry.runId} is gone`);
    return {
      key: row.key_id === null ? null : { id: row.key_id, name: row.key_name, type: row.key_kind },
      client: { ...entry.client, userAgent: row.user_agent, clientInfo: row.client_info },
      requestId: row.request_id,
    };
  }

  async texts(entry: RunEntry): Promise<RunTexts> {
    const { rows } = await this.database.pool.query<{ input: string; output: string; error: string | null }>(
      `SELECT input, output, error FROM logs.run_log WHERE workspace_id = $1 AND started_at = $2 AND run_id = $3 LIMIT 1`,
      [entry.workspaceId, entry.startedAt, entry.runId],
    );
    const row = rows[0];
    if (!row) throw new Error(`Run ${entry.runId} is gone`);
    return {
      input: JSON.parse(row.input),
      output: JSON.parse(row.output),
      error: row.error === null ? null : (JSON.parse(row.error) as RunTexts['error']),
    };
  }

  /** The outputs of a page's runs, by run id. Their sizes are in the entries: ask for no more than you can hold. */
  async outputs(entries: readonly RunEntry[]): Promise<Map<string, unknown>> {
    if (entries.length === 0) return new Map();
    const { rows } = await this.database.pool.query<{ run_id: string; output: string }>(
      `SELECT run_id, output FROM unnest($1::text[], $2::timestamptz[], $3::text[]) AS wanted (workspace, at, id)
       JOIN logs.run_log ON workspace_id = workspace AND started_at = at AND run_id = id`,
      [
        entries.map((entry) => entry.workspaceId),
        entries.map((entry) => entry.startedAt),
        entries.map((entry) => entry.runId),
      ],
    );
    return new Map(rows.map((row) => [row.run_id, JSON.parse(row.output) as unknown]));
  }
}

function entryOf({ clientName, clientVersion, ...row }: EntryRow): RunEntry {
  const client = { name: clientName, version: clientVersion };
  return { ...row, client, durationMs: Number(row.durationMs), costMicros: Number(row.costMicros) };
}
