/** The least that the log needs of somebody's open transaction: run SQL in it, get rows. */
export interface SqlSession {
  rows<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** A `pg` client or pool (structural, so that no version of it is pinned here). */
export interface PgLike {
  query(text: string, values?: unknown[]): Promise<{ rows: unknown[] }>;
}

/** A TypeORM EntityManager, DataSource or QueryRunner. */
export interface TypeOrmLike {
  query(text: string, values?: unknown[]): Promise<unknown>;
}

export function sqlOfPg(client: PgLike): SqlSession {
  return {
    rows: async <Row>(text: string, values: readonly unknown[] = []) =>
      (await client.query(text, values as unknown[])).rows as Row[],
  };
}

/** TypeORM answers rows for SELECT and INSERT, but `[rows, count]` for UPDATE and DELETE; here it is always rows. */
export function sqlOfTypeOrm(manager: TypeOrmLike): SqlSession {
  return {
    rows: async <Row>(text: string, values: readonly unknown[] = []) => {
      const result = (await manager.query(text, values as unknown[])) as unknown[];
      const counted = result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number';
      return (counted ? result[0] : result) as Row[];
    },
  };
}
