import type { KeyKind, LoggedEvent, PayerRule, Trigger } from '@tollgate/contracts';

/** One paid run as the ledger holds it: all that a report says, and nothing that has to be looked up elsewhere. */
export interface LedgerRow {
  eventId: string;
  runId: string;
  position: bigint;
  payerUserId: string;
  payerRule: PayerRule;
  workspaceId: string;
  workspaceName: string;
  workflowId: string;
  workflowName: string;
  keyId: string | null;
  keyName: string | null;
  keyKind: KeyKind | null;
  actorUserId: string | null;
  trigger: Trigger;
  priceId: string;
  admittedAt: string;
  durationMs: number;
  baseMicros: bigint;
  runnerMicros: bigint;
  costMicros: bigint;
}

/** What a run costs (contract A4): the base price of its admission and what its runner reported. Exact at any size. */
export function costMicrosOf(usage: { baseMicros: number; runnerMicros: number }): bigint {
  return BigInt(usage.baseMicros) + BigInt(usage.runnerMicros);
}

/**
 * The ledger row of a `RequestBilled`: a function of the event alone. The gateway wrote the base price in force at
 * admission into the event, as it did with payer and rule, and no price is looked up here: so a ledger that is rebuilt
 * from the log is the same to the byte, and a price announced later moves nothing that was admitted before.
 */
export function ledgerRowOf(event: LoggedEvent<'RequestBilled'>): LedgerRow {
  const { data } = event;
  return {
    eventId: event.id,
    runId: data.runId,
    position: event.position,
    payerUserId: data.payerUserId,
    payerRule: data.payerRule,
    workspaceId: data.workspaceId,
    workspaceName: data.workspaceName,
    workflowId: data.workflowId,
    workflowName: data.workflowName,
    keyId: data.keyId,
    keyName: data.keyName,
    keyKind: data.keyKind,
    actorUserId: data.actorUserId,
    trigger: data.trigger,
    priceId: data.priceId,
    admittedAt: data.admittedAt,
    durationMs: data.durationMs,
    baseMicros: BigInt(data.baseMicros),
    runnerMicros: BigInt(data.runnerMicros),
    costMicros: costMicrosOf(data),
  };
}
