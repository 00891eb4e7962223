import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Secrets } from '@tollgate/service-kit';
import { LRUCache } from 'lru-cache';
import { GatewayDatabase } from '../gateway-database.js';
import type { UpstreamSecrets } from '../workflow-runner.js';
import { openUpstreamSecrets } from './workflow-secrets.js';

/** How many deployments' secrets are at hand; more are read again when they are used. */
const DEPLOYMENTS_MAX = 10_000;

interface Sealed {
  workflowId: string;
  headersSealed: string | null;
  signingSealed: string | null;
}

interface SealedRow {
  id: string;
  workflow_id: string;
  headers_sealed: string | null;
  signing_sealed: string | null;
}

/**
 * Headers and signing secrets of deployed `http` workflows, opened once and kept in memory, so that a run asks no
 * database. They are in no event and in no directory. Filled at start and by own deploys; what another process deployed,
 * or what fell out of the bound, is read once when it is first used.
 */
@Injectable()
export class DeploymentSecrets implements OnModuleInit {
  private readonly known = new LRUCache<string, UpstreamSecrets>({ max: DEPLOYMENTS_MAX });
  private readonly loading = new Map<string, Promise<UpstreamSecrets | undefined>>();

  constructor(
    private readonly database: GatewayDatabase,
    private readonly secrets: Secrets,
  ) {}

  async onModuleInit(): Promise<void> {
    const { rows } = await this.database.pool.query<SealedRow>(
      `SELECT d.id, d.workflow_id, d.headers_sealed, d.signing_sealed
       FROM workflows w JOIN deployments d ON d.id = w.deployment_id
       WHERE w.runner_kind = 'http' OR d.signing_sealed IS NOT NULL
       ORDER BY d.deployed_at DESC LIMIT $1`,
      [DEPLOYMENTS_MAX],
    );
    for (const row of rows.reverse()) this.keepRow(row);
  }

  /** Opens and keeps the secrets of a deployment. Throws a SealError when they do not open. */
  keep(deploymentId: string, sealed: Sealed): UpstreamSecrets {
    const opened = openUpstreamSecrets(sealed, this.secrets.masterKeys);
    this.known.set(deploymentId, opened);
    return opened;
  }

  /** What is at hand. */
  get(deploymentId: string): UpstreamSecrets | undefined {
    return this.known.get(deploymentId);
  }

  /** Reads what is not at hand, once for all who ask meanwhile. Undefined: the deployment is gone. Rejects when the database is away. */
  load(deploymentId: string): Promise<UpstreamSecrets | undefined> {
    let loading = this.loading.get(deploymentId);
    if (!loading) {
      loading = this.read(deploymentId).finally(() => this.loading.delete(deploymentId));
      this.loading.set(deploymentId, loading);
    }
    return loading;
  }

  private async read(deploymentId: string): Promise<UpstreamSecrets | undefined> {
    const { rows } = await this.database.pool.query<SealedRow>(
      `SELECT id, workflow_id, headers_sealed, signing_sealed FROM deployments WHERE id = $1`,
      [deploymentId],
    );
    return rows[0] && this.keepRow(rows[0]);
  }

  private keepRow(row: SealedRow): UpstreamSecrets {
    return this.keep(row.id, {
      workflowId: row.workflow_id,
      headersSealed: row.headers_sealed,
      signingSealed: row.signing_sealed,
    });
  }
}
