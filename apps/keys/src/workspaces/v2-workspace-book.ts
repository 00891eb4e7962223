import { Injectable } from '@nestjs/common';
import type { Caller } from '@tollgate/access';
import type { V2Workspace, V2WorkspaceListQuery } from '@tollgate/contracts';
import { instantOf, mintBoundCursor, readBoundCursor } from '@tollgate/service-kit';
import { KeysDatabase } from '../keys-database.js';

interface Row {
  id: string;
  name: string;
  member_count: number;
  created_at: Date;
  updated_at: Date;
}

const LIST = 'workspaces';
const COLUMNS = `w.id, w.name, w.created_at, w.updated_at,
  (SELECT count(*)::int FROM member c WHERE c.workspace_id = w.id) AS member_count`;
const SORT = {
  name: { column: 'w.name', type: 'text', of: (row: Row) => row.name },
  createdAt: { column: 'w.created_at', type: 'timestamptz', of: (row: Row) => row.created_at.toISOString() },
  updatedAt: { column: 'w.updated_at', type: 'timestamptz', of: (row: Row) => row.updated_at.toISOString() },
} as const;

/** Workspaces have no colour of their own here; clients want one. */
const COLOR = '#33c482';

/** The workspaces that a key reaches: its owner's where personal keys are allowed, or its one workspace (contract B2.1). */
@Injectable()
export class V2WorkspaceBook {
  constructor(private readonly database: KeysDatabase) {}

  async find(workspaceId: string): Promise<V2Workspace | undefined> {
    const { rows } = await this.database.pool.query<Row>(`SELECT ${COLUMNS} FROM workspace w WHERE w.id = $1`, [
      workspaceId,
    ]);
    return rows[0] && viewOf(rows[0]);
  }

  /** One page. Throws the 400 of a cursor that this list did not make for this order. */
  async of(
    caller: Pick<Caller, 'ownerId' | 'workspaceId'>,
    query: V2WorkspaceListQuery,
  ): Promise<{ data: V2Workspace[]; nextCursor: string | null }> {
    const { sortBy, sortOrder, limit } = query;
    const sort = SORT[sortBy];
    const bound = { sortBy, sortOrder };
    const after =
      query.cursor === undefined ? [null, null] : placeOf(readBoundCursor(LIST, query.cursor, bound, 2), sort.type);
    const [direction, beyond] = sortOrder === 'asc' ? ['ASC', '>'] : ['DESC', '<'];
    const { rows } = await this.database.pool.query<Row>(
      `SELECT ${COLUMNS} FROM workspace w
       WHERE (w.id = $1 OR $1::text IS NULL AND w.allow_personal_api_keys
           AND w.id IN (SELECT m.workspace_id FROM member m WHERE m.user_id = $2))
         AND ($4::text IS NULL OR (${sort.column}, w.id) ${beyond} ($3::${sort.type}, $4))
       ORDER BY ${sort.column} ${direction}, w.id ${direction} LIMIT $5`,
      [caller.workspaceId, caller.ownerId, ...after, limit + 1],
    );
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      data: page.map(viewOf),
      nextCursor: last && rows.length > limit ? mintBoundCursor(LIST, [sort.of(last), last.id], bound) : null,
    };
  }
}

function placeOf([value = '', id = '']: string[], type: 'text' | 'timestamptz'): [string, string] {
  return [type === 'timestamptz' ? instantOf(value) : value, id];
}

function viewOf(row: Row): V2Workspace {
  return {
    id: row.id,
    name: row.name,
    color: COLOR,
    logoUrl: null,
    memberCount: row.member_count,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  };
}
