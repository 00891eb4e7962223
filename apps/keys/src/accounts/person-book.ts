import { Injectable } from '@nestjs/common';
import { microsToDecimal } from '@tollgate/contracts';
import type { OperatorUserView, Plan } from '@tollgate/contracts';
import type { SqlSession } from '@tollgate/event-log';
import { KeysDatabase } from '../keys-database.js';
import type { PersonFact, PersonState } from './person.js';

interface PersonRow {
  id: string;
  email: string;
  name: string;
  plan: Plan;
  usage_limit_micros: string | null;
  suspended_at: Date | null;
  created_at: Date;
}

/** An account of better-auth, as far as a person is made of it. */
export interface Account {
  userId: string;
  email: string;
  name: string;
  emailVerified: boolean;
}

const ACCOUNT = 'u.id AS "userId", u.email, u.name, u."emailVerified"';

/** The read model of people, and a look at the accounts that no person was made of yet. */
@Injectable()
export class PersonBook {
  constructor(private readonly database: KeysDatabase) {}

  /** Undefined: not registered yet. */
  async suspension(userId: string): Promise<{ suspended: boolean } | undefined> {
    const { rows } = await this.database.pool.query<{ suspended: boolean }>(
      'SELECT suspended_at IS NOT NULL AS suspended FROM person WHERE id = $1',
      [userId],
    );
    return rows[0];
  }

  async view(userId: string): Promise<OperatorUserView | undefined> {
    const { rows } = await this.database.pool.query<PersonRow>('SELECT * FROM person WHERE id = $1', [userId]);
    return rows[0] && viewOf(rows[0]);
  }

  /** The account of an address, registered or not. */
  async accountOf(email: string): Promise<Account | undefined> {
    const { rows } = await this.database.pool.query<Account>(`SELECT ${ACCOUNT} FROM "user" u WHERE u.email = $1`, [
      email,
    ]);
    return rows[0];
  }

  async account(userId: string): Promise<Account | undefined> {
    const { rows } = await this.database.pool.query<Account>(`SELECT ${ACCOUNT} FROM "user" u WHERE u.id = $1`, [
      userId,
    ]);
    return rows[0];
  }

  /** Accounts whose sign-up was cut off before the person was registered; `limit` at most. */
  async unregistered(limit: number): Promise<Account[]> {
    const { rows } = await this.database.pool.query<Account>(
      `SELECT ${ACCOUNT} FROM "user" u LEFT JOIN person p ON p.id = u.id WHERE p.id IS NULL ORDER BY u.id LIMIT $1`,
      [limit],
    );
    return rows;
  }

  /** For a command: the state with its row locked until the commit. */
  async lock(sql: SqlSession, userId: string): Promise<PersonState | undefined> {
    const [row] = await sql.rows<PersonRow>('SELECT * FROM person WHERE id = $1 FOR UPDATE', [userId]);
    if (!row) return undefined;
    return {
      userId,
      email: row.email,
      name: row.name,
      plan: row.plan,
      usageLimitMicros: row.usage_limit_micros === null ? null : Number(row.usage_limit_micros),
      suspended: row.suspended_at !== null,
    };
  }

  /** Makes the person unless there is one; true when it did. Waits for another transaction that makes the same one. */
  async make(sql: SqlSession, { data }: PersonFact & { type: 'UserRegistered' }, at: Date): Promise<boolean> {
    const made = await sql.rows(
      `INSERT INTO person (id, email, name, plan, created_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO NOTHING RETURNING id`,
      [data.userId, data.email, data.name, data.plan, at],
    );
    return made.length > 0;
  }

  /** Writes what the facts say, in the transaction of their commit. */
  async record(sql: SqlSession, facts: readonly PersonFact[], at: Date): Promise<void> {
    for (const fact of facts) {
      const { userId } = fact.data;
      const set = (assignment: string, value: unknown) =>
        sql.rows(`UPDATE person SET ${assignment} = $2 WHERE id = $1`, [userId, value]);
      if (fact.type === 'UserRegistered') await this.make(sql, fact, at);
      else if (fact.type === 'UserSuspended') await set('suspended_at', at);
      else if (fact.type === 'UserReinstated') await set('suspended_at', null);
      else if (fact.type === 'PlanChanged') await set('plan', fact.data.plan);
      else await set('usage_limit_micros', fact.data.limitMicros);
    }
  }
}

function viewOf(row: PersonRow): OperatorUserView {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    plan: row.plan,
    suspended: row.suspended_at !== null,
    usageLimitUsd: row.usage_limit_micros === null ? null : microsToDecimal(BigInt(row.usage_limit_micros)),
    createdAt: row.created_at.toISOString(),
  };
}
