import { Injectable } from '@nestjs/common';
import { AccessSettings } from '@tollgate/access';
import {
  ROOT_FOLDER_PATH,
  type V2Workflow,
  type V2WorkflowDetail,
  type V2WorkflowListQuery,
} from '@tollgate/contracts';
import { instantOf, mintBoundCursor, readBoundCursor } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { inputSchemaOf, type WorkflowRow } from '../workflows/workflow-row.js';
import { FinishedRuns } from './finished-runs.js';

const LIST = 'workflows';
const byCreation = {
  column: 'created_at',
  type: 'timestamptz',
  of: (row: WorkflowRow) => row.created_at.toISOString(),
};
const SORT = {
  position: byCreation,
  createdAt: byCreation,
  updatedAt: { column: 'updated_at', type: 'timestamptz', of: (row: WorkflowRow) => row.updated_at.toISOString() },
  name: { column: 'name', type: 'text', of: (row: WorkflowRow) => row.name },
};

/** Workflows as v2 shows them to keys (contract B9.4). */
@Injectable()
export class V2WorkflowShelf {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly runs: FinishedRuns,
    private readonly settings: AccessSettings,
  ) {}

  async find(workflowId: string): Promise<V2WorkflowDetail | undefined> {
    const { rows } = await this.database.pool.query<WorkflowRow>(`SELECT * FROM workflows WHERE id = $1`, [workflowId]);
    const row = rows[0];
    if (!row) return undefined;
    const [shown] = await this.shown(row.workspace_id, [row]);
    return { ...shown!, variables: {}, inputs: inputsOf(inputSchemaOf(row)) };
  }

  /** One page. Throws the 400 of a cursor that this list did not make for these filters. */
  async list(query: V2WorkflowListQuery): Promise<{ data: V2Workflow[]; nextCursor: string | null }> {
    const { workspaceId, scope, folderPath, deployedOnly, search, sortBy, sortOrder, limit } = query;
    const bound = { workspaceId, scope, folderPath, deployedOnly, search, sortBy, sortOrder };
    const sort = SORT[sortBy];
    const after =
      query.cursor === undefined ? [null, null] : placeOf(readBoundCursor(LIST, query.cursor, bound, 2), sort.type);
    if (scope === 'archived' || (folderPath ?? ROOT_FOLDER_PATH) !== ROOT_FOLDER_PATH)
      return { data: [], nextCursor: null };
    const [direction, beyond] = sortOrder === 'asc' ? ['ASC', '>'] : ['DESC', '<'];
    const { rows } = await this.database.pool.query<WorkflowRow>(
      `SELECT * FROM workflows WHERE workspace_id = $1
         AND ($2::text IS NULL OR strpos(lower(name), lower($2)) > 0) AND (NOT $3::boolean OR deployment_id IS NOT NULL)
         AND ($5::text IS NULL OR (${sort.column}, id) ${beyond} ($4::${sort.type}, $5))
       ORDER BY ${sort.column} ${direction}, id ${direction} LIMIT $6`,
      [workspaceId, search ?? null, deployedOnly ?? false, ...after, limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      data: await this.shown(workspaceId, page),
      nextCursor: last && rows.length > limit ? mintBoundCursor(LIST, [sort.of(last), last.id], bound) : null,
    };
  }

  private async shown(workspaceId: string, rows: readonly WorkflowRow[]): Promise<V2Workflow[]> {
    const activity = await this.runs.activity(
      workspaceId,
      rows.map(({ id }) => id),
    );
    return rows.map((row) => ({
      id: row.id,
      webUrl: new URL(`/w/${row.workspace_id}/workflows/${row.id}`, this.settings.publicUrl).href,
      name: row.name,
      description: row.description,
      folderPath: ROOT_FOLDER_PATH,
      workspaceId: row.workspace_id,
      isDeployed: row.deployment_id !== null,
      deployedAt: row.deployed_at?.toISOString() ?? null,
      runCount: activity.get(row.id)?.runCount ?? 0,
      lastRunAt: activity.get(row.id)?.lastRunAt ?? null,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    }));
  }
}

function placeOf([value = '', id = '']: string[], type: string): [string, string] {
  return [type === 'timestamptz' ? instantOf(value) : value, id];
}

/** The input's members, as far as the workflow's schema names them. */
function inputsOf(schema: Record<string, unknown> | null): V2WorkflowDetail['inputs'] {
  const members = Object.entries((schema?.properties ?? {}) as Record<string, unknown>);
  return members.map(([name, member]) => {
    const { type, description } = (typeof member === 'object' && member !== null ? member : {}) as Record<
      string,
      unknown
    >;
    return {
      name,
      type: typeof type === 'string' ? type : 'any',
      ...(typeof description === 'string' && { description }),
    };
  });
}
