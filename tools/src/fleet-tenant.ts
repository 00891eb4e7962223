import { randomBytes } from 'node:crypto';
import { SessionClient } from './session-client.js';
import type { StackFile } from './stack-file.js';

export interface Receipt {
  position: string;
  gateways: { id: string; appliedAt: string }[];
  fenced: string[];
}

export interface Reconciled {
  runs: number;
  billed: number;
  difference: number;
  missing: string[];
  extra: string[];
  asOf: { complete: boolean };
}

/** A person with a workspace and a deployed workflow in a running fleet, who goes through one of its gateways. */
export class FleetTenant {
  private constructor(
    private readonly stack: StackFile,
    private readonly client: SessionClient,
    readonly userId: string,
    readonly workspaceId: string,
    readonly workflowId: string,
  ) {}

  static async make(stack: StackFile, plan = 'enterprise'): Promise<FleetTenant> {
    const client = new SessionClient(stack.baseUrls[0] ?? '');
    const email = `fleet-${randomBytes(6).toString('hex')}@example.com`;
    const password = randomBytes(12).toString('base64url');
    type Made<Name extends string> = Record<Name, { id: string }>;
    const { user } = await client.send<Made<'user'>>('POST', '/api/auth/sign-up/email', {
      name: 'Ada',
      email,
      password,
    });
    const { workspace } = await client.send<Made<'workspace'>>('POST', '/api/workspaces', { name: 'Fleet' });
    const runner = { kind: 'expression', expression: '$' };
    const draft = { workspaceId: workspace.id, name: 'Echo', runner };
    const { workflow } = await client.send<Made<'workflow'>>('POST', '/api/workflows', draft);
    await client.send('POST', `/api/workflows/${workflow.id}/deploy`);
    const tenant = new FleetTenant(stack, client, user.id, workspace.id, workflow.id);
    await tenant.operate('PUT', `/api/v1/admin/users/${user.id}/plan`, { plan });
    return tenant;
  }

  async issueKey(name: string): Promise<{ id: string; key: string }> {
    const path = `/api/workspaces/${this.workspaceId}/api-keys`;
    return (await this.client.send<{ key: { id: string; key: string } }>('POST', path, { name })).key;
  }

  /** When there is a receipt and nobody is pending, no gateway admits the key. */
  revoke(keyId: string): Promise<{ receipt: Receipt; pending?: string[] }> {
    const path = `/api/workspaces/${this.workspaceId}/api-keys/${keyId}`;
    return this.client.send<{ receipt: Receipt; pending?: string[] }>('DELETE', path);
  }

  /** The policy switch: whether personal keys may be used in the workspace. */
  async allowPersonalKeys(allowPersonalApiKeys: boolean): Promise<void> {
    await this.client.send('PATCH', `/api/workspaces/${this.workspaceId}`, { allowPersonalApiKeys });
  }

  get<T>(path: string): Promise<T> {
    return this.client.send<T>('GET', path);
  }

  reconciliation(): Promise<Reconciled> {
    return this.get<Reconciled>('/api/billing/reconciliation');
  }

  /** Every run that went well, by its id, as the Logs API tells it. */
  async loggedRuns(key: string): Promise<string[]> {
    const found: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const at = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const url = `${this.stack.baseUrls[0]}/api/v1/logs?workspaceId=${this.workspaceId}&level=info&limit=1000${at}`;
      const answer = await fetch(url, { headers: { 'x-api-key': key } });
      if (answer.status !== 200) throw new Error(`the log answered ${answer.status}: ${await answer.text()}`);
      const page = (await answer.json()) as { data: { executionId: string }[]; nextCursor?: string };
      found.push(...page.data.map(({ executionId }) => executionId));
      cursor = page.nextCursor;
    }
    return found;
  }

  private async operate(method: string, path: string, body: unknown): Promise<void> {
    const answer = await fetch(`${this.stack.baseUrls[0]}${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-admin-key': this.stack.adminApiKey },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
  }
}
