import { setTimeout as pause } from 'node:timers/promises';
import { execute } from './fleet-load.js';
import type { FleetTenant } from './fleet-tenant.js';

/**
 * Issues, uses and revokes keys all the time, through every gateway, and counts what must never be: a new key that is
 * refused, and a key that is admitted in a request which was begun after its revocation had been confirmed. A gateway that
 * does not answer, or says that it cannot tell (503), does neither.
 */
export class KeyProbe {
  refusedNew = 0;
  admittedRevoked = 0;
  /** Keys that went the whole way: issued, used, revoked with a receipt, refused. */
  confirmed = 0;
  private isOver = false;
  private readonly running: Promise<void>;

  constructor(
    private readonly tenant: FleetTenant,
    private readonly baseUrls: readonly string[],
  ) {
    this.running = this.run();
  }

  /** Resolves when one more key has gone the whole way from now on, or in time without it. */
  async confirmsOneMore(timeoutMs: number): Promise<void> {
    const before = this.confirmed;
    const deadline = performance.now() + timeoutMs;
    // The key in hand may have been issued before; the next one was not.
    while (this.confirmed < before + 2 && performance.now() < deadline) await pause(20);
  }

  async stop(): Promise<void> {
    this.isOver = true;
    await this.running;
  }

  private async run(): Promise<void> {
    for (let nth = 1; !this.isOver; nth += 1) {
      // A management route that cannot answer is tried again with another key.
      await this.probe(nth).catch(() => pause(100));
    }
  }

  private async probe(nth: number): Promise<void> {
    const { id, key } = await this.tenant.issueKey(`probe ${nth} ${Math.round(performance.now())}`);
    const statuses = await this.onAll(key);
    this.refusedNew += statuses.filter((status) => status === 401 || status === 403).length;
    const { receipt, pending } = await this.tenant.revoke(id);
    if (pending !== undefined || receipt === undefined) return;
    const after = await this.onAll(key);
    this.admittedRevoked += after.filter((status) => status === 200).length;
    if (after.every((status) => status === 401)) this.confirmed += 1;
  }

  private onAll(key: string): Promise<number[]> {
    const { workflowId } = this.tenant;
    return Promise.all(this.baseUrls.map(async (baseUrl) => (await execute({ baseUrl, workflowId, key })).status));
  }
}
