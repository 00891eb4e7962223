import { Controller, Get, Query } from '@nestjs/common';
import {
  ApiKeyRoute,
  type Caller,
  CurrentCaller,
  decidePayer,
  AccessSettings,
  Directory,
  periodBounds,
  periodOf,
  Quota,
  usageLimitOf,
  V2Access,
  v2AccessProblem,
} from '@tollgate/access';
import {
  MICROS_PER_CREDIT,
  Problem,
  type V2BillingLogsQuery,
  v2BillingLogsQuerySchema,
  type V2BillingStatus,
  v2BillingStatusQuerySchema,
  type V2UsageEvent,
} from '@tollgate/contracts';
import { Clock, PlansInForce, V2Query } from '@tollgate/service-kit';
import { NO_LIMIT } from './usage-limits.js';
import { UsageEvents, type UsageScope } from './usage-events.js';

/** What is used and left, and what it was used for (contract B6), for keys. */
@Controller('api/v2/billing')
@ApiKeyRoute('v2')
export class V2BillingController {
  constructor(
    private readonly access: V2Access,
    private readonly settings: AccessSettings,
    private readonly directory: Directory,
    private readonly quota: Quota,
    private readonly plans: PlansInForce,
    private readonly events: UsageEvents,
    private readonly clock: Clock,
  ) {}

  /** The state of who pays for the caller's runs; the pool of credits is told to the payer alone (contract B2.1). */
  @Get('status')
  async status(
    @CurrentCaller() caller: Caller,
    @Query(new V2Query(v2BillingStatusQuerySchema)) query: { workspaceId?: string },
  ): Promise<{ data: V2BillingStatus }> {
    const nowMs = this.clock.nowMs();
    const workspaceId = query.workspaceId ?? caller.workspaceId;
    const payerUserId = await this.payerOf(caller, workspaceId);
    const payer = await this.directory.read('user', payerUserId);
    const plan = payer?.plan ?? 'free';
    const limitMicros = usageLimitOf(this.plans, plan, payer?.usageLimitMicros ?? null);
    const usedMicros = await this.quota.spentMicros(payerUserId, nowMs);
    const isOver = limitMicros !== null && usedMicros >= limitMicros;
    const { startMs, endMs } = periodBounds(periodOf(nowMs));
    const isPayer = caller.ownerId === payerUserId;
    return {
      data: {
        workspaceId,
        period: { start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() },
        plan,
        status: payer?.suspended ? 'billing_blocked' : isOver ? 'limit_exceeded' : 'active',
        credits: isPayer ? creditsOf(usedMicros, limitMicros) : null,
        storage: isPayer ? { usedBytes: 0, limitBytes: 0, percentUsed: 0 } : null,
      },
    };
  }

  /** A personal key shows what its owner pays, a workspace key all of its workspace. */
  @Get('logs')
  async logs(
    @CurrentCaller() caller: Caller,
    @Query(new V2Query(v2BillingLogsQuerySchema)) query: V2BillingLogsQuery,
  ): Promise<{ data: V2UsageEvent[]; nextCursor: string | null; scope: 'user' | 'workspace' }> {
    const workspaceId = query.workspaceId ?? caller.workspaceId;
    if (workspaceId !== null) await this.access.require(caller, workspaceId, 'read', 'Workspace');
    const of = scopeOf(caller);
    return { ...(await this.events.page(of, query, this.clock.nowMs())), scope: of.scope };
  }

  private async payerOf(caller: Caller, workspaceId: string | null): Promise<string> {
    if (workspaceId === null) {
      if (caller.ownerId === null) throw new Error('A workspace key has a workspace');
      return caller.ownerId;
    }
    if (caller.keyKind === 'personal') {
      return (await this.access.require(caller, workspaceId, 'read', 'Workspace')).payerUserId;
    }
    // A suspended payer is what this route is asked about: it says so instead of refusing.
    const workspace = await this.directory.read('workspace', workspaceId);
    if (caller.workspaceId !== workspaceId || !workspace) {
      throw v2AccessProblem('foreignWorkspaceKey', 'Workspace', caller.keyKind);
    }
    return decidePayer({ rule: this.settings.payerRule, caller, workspace });
  }
}

function scopeOf(caller: Caller): UsageScope {
  if (caller.workspaceId !== null) return { scope: 'workspace', workspaceId: caller.workspaceId };
  if (caller.ownerId !== null) return { scope: 'user', userId: caller.ownerId };
  throw new Problem('internal', { cause: new Error('A key has an owner or a workspace') });
}

/** Whole credits; a limit that is off is the greatest number that clients hold. */
function creditsOf(usedMicros: number, limitMicros: number | null): NonNullable<V2BillingStatus['credits']> {
  const used = Math.round(usedMicros / MICROS_PER_CREDIT);
  const limit = limitMicros === null ? NO_LIMIT : Math.floor(limitMicros / MICROS_PER_CREDIT);
  return { used, limit, remaining: Math.max(0, limit - used) };
}
