import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { SealError } from '@tollgate/api-key';
import { ROTATION_BATCH_MAX, type RotationBatch, type SealedRecords } from '@tollgate/contracts';
import { Secrets } from '@tollgate/service-kit';
import { GatewayDatabase } from '../gateway-database.js';
import { resealedSecrets, type SealedSecrets } from './workflow-secrets.js';

interface SealedRow {
  id: string;
  workflow_id: string;
  headers_sealed: string | null;
  signing_sealed: string | null;
}

const WORKFLOW_ID = { workflows: 'id', deployments: 'workflow_id' } as const;
const IS_SEALED = '(headers_sealed IS NOT NULL OR signing_sealed IS NOT NULL)';

/**
 * Seals the secrets of a batch of workflows, or of their deployments, under the newest master key (contract A1 row 5).
 * No event tells of it: what is sealed is the same. Safe to repeat, and beside changes of the same workflows.
 */
export class ResealWorkflows extends Command<RotationBatch> {
  constructor(
    readonly records: Exclude<SealedRecords, 'keys'>,
    readonly after: string,
  ) {
    super();
  }
}

@CommandHandler(ResealWorkflows)
export class ResealWorkflowsHandler implements ICommandHandler<ResealWorkflows> {
  constructor(
    private readonly database: GatewayDatabase,
    private readonly secrets: Secrets,
  ) {}

  async execute({ records, after }: ResealWorkflows): Promise<RotationBatch> {
    const { pool } = this.database;
    const { rows } = await pool.query<SealedRow>(
      `SELECT id, ${WORKFLOW_ID[records]} AS workflow_id, headers_sealed, signing_sealed FROM ${records}
       WHERE id > $1 AND ${IS_SEALED} ORDER BY id LIMIT $2`,
      [after, ROTATION_BATCH_MAX],
    );
    const unreadable: string[] = [];
    let [rotated, left] = [0, 0];
    for (const row of rows) {
      const resealed = this.resealed(row);
      if (resealed === 'unreadable') unreadable.push(row.id);
      else if (resealed !== undefined) {
        if (await this.replace(records, row, resealed)) rotated += 1;
        else left += 1;
      }
    }
    const { rows: counted } = await pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${records} WHERE ${IS_SEALED}`,
    );
    return {
      total: counted[0]?.count ?? 0,
      looked: rows.length,
      rotated,
      left,
      unreadable,
      next: rows.length < ROTATION_BATCH_MAX ? null : (rows.at(-1) as SealedRow).id,
    };
  }

  private resealed(row: SealedRow): SealedSecrets | undefined | 'unreadable' {
    try {
      const sealed = { headersSealed: row.headers_sealed, signingSealed: row.signing_sealed };
      return resealedSecrets(sealed, row.workflow_id, this.secrets.masterKeys);
    } catch (error) {
      if (error instanceof SealError) return 'unreadable';
      throw error;
    }
  }

  /** False: the row has other secrets by now. */
  private async replace(records: 'workflows' | 'deployments', row: SealedRow, by: SealedSecrets): Promise<boolean> {
    const { rowCount } = await this.database.pool.query(
      `UPDATE ${records} SET headers_sealed = $2, signing_sealed = $3
       WHERE id = $1 AND headers_sealed IS NOT DISTINCT FROM $4 AND signing_sealed IS NOT DISTINCT FROM $5`,
      [row.id, by.headersSealed, by.signingSealed, row.headers_sealed, row.signing_sealed],
    );
    return rowCount === 1;
  }
}
