import { queryOptions } from '@tanstack/react-query';
import type { PersonalKeysReach, PersonalKeyView, receiptSchema } from '@tollgate/contracts';
import type { z } from 'zod';
import { utcMonthOf, monthWindow } from '../look/dates.js';
import { ask, withQuery } from '../server/ask.js';

export type KeyKind = 'personal' | 'workspace';

/** A key in a list; `createdBy` is a user id, of workspace keys alone. */
export interface KeyView extends PersonalKeyView {
  createdBy?: string;
}

/** The proof; `confirmedAt` is null as long as something is pending. */
export type Receipt = Omit<z.infer<typeof receiptSchema>, 'confirmedAt'> & { confirmedAt: string | null };

/** What a revoke answers; `pending` names gateways that have neither confirmed nor lost their lease yet (A1 row 3). */
export interface RevokedAnswer {
  success: true;
  receipt?: Receipt;
  pending?: string[];
  deletedCount?: number;
}

/** The one answer that carries the key's text. It lives in a component's state and nowhere else. */
export interface CreatedKey {
  id: string;
  name: string;
  key: string;
  createdAt: string;
}

const pathOf = (kind: KeyKind, workspaceId: string) =>
  kind === 'personal' ? '/api/users/me/api-keys' : `/api/workspaces/${workspaceId}/api-keys`;

export const keysKey = (kind: KeyKind, workspaceId: string) =>
  kind === 'personal' ? ['keys', 'personal'] : ['keys', 'workspace', workspaceId];

/** Personal keys are the reader's own, in all workspaces; workspace keys belong to one. */
export const keysQuery = (kind: KeyKind, workspaceId: string) =>
  queryOptions({
    queryKey: keysKey(kind, workspaceId),
    queryFn: async ({ signal }) => (await ask<{ keys: KeyView[] }>(pathOf(kind, workspaceId), { signal })).keys,
  });

/** What the switch for personal keys stops here, or would let in; asked anew each time it is shown. */
export const personalKeysReachQuery = (workspaceId: string) =>
  queryOptions({
    queryKey: ['personal-keys-reach', workspaceId],
    queryFn: ({ signal }) => ask<PersonalKeysReach>(`/api/workspaces/${workspaceId}/personal-keys`, { signal }),
    staleTime: 0,
    gcTime: 0,
  });

export async function createKey(
  kind: KeyKind,
  workspaceId: string,
  body: { name: string; expiresAt?: string },
): Promise<CreatedKey> {
  return (await ask<{ key: CreatedKey }>(pathOf(kind, workspaceId), { method: 'POST', body })).key;
}

export const renameKey = (workspaceId: string, keyId: string, name: string) =>
  ask(`${pathOf('workspace', workspaceId)}/${keyId}`, { method: 'PUT', body: { name } });

export const revokeKey = (kind: KeyKind, workspaceId: string, keyId: string) =>
  ask<RevokedAnswer>(`${pathOf(kind, workspaceId)}/${keyId}`, { method: 'DELETE' });

/** Many at once: one request for workspace keys; one after the other for personal ones, which have no bulk route. */
export async function revokeKeys(kind: KeyKind, workspaceId: string, ids: string[]): Promise<RevokedAnswer> {
  if (kind === 'workspace') {
    return ask<RevokedAnswer>(pathOf(kind, workspaceId), { method: 'DELETE', body: { keys: ids } });
  }
  let last: RevokedAnswer = { success: true };
  for (const id of ids) last = await revokeKey(kind, workspaceId, id);
  return { ...last, deletedCount: ids.length };
}

/** Cost of this UTC month by key, of the runs that the reader pays. */
export const spendByKeyQuery = queryOptions({
  queryKey: ['spend-by-key'],
  queryFn: async ({ signal }) => {
    const path = withQuery('/api/billing/reports', { ...monthWindow(utcMonthOf(Date.now())), groupBy: 'key' });
    const { rows } = await ask<{ rows: { keyId: string | null; cost: string }[] }>(path, { signal });
    return new Map(rows.map(({ keyId, cost }) => [keyId, cost]));
  },
  staleTime: 15_000,
});

const RECEIPT_EVERY_MS = 500;

/** A receipt that was not complete yet, asked for again until it is (contract A1 row 3). */
export const receiptQuery = (answer: RevokedAnswer) =>
  queryOptions({
    queryKey: ['receipt', answer.receipt?.position],
    queryFn: ({ signal }) => ask<RevokedAnswer>(`/api/keys/receipts/${answer.receipt?.position}`, { signal }),
    enabled: isPending(answer),
    refetchInterval: ({ state }) => (state.data && !isPending(state.data) ? false : RECEIPT_EVERY_MS),
    gcTime: 0,
  });

export const isPending = ({ pending = [] }: RevokedAnswer) => pending.length > 0;

/** How long the whole revoke took, from the fact to the last gateway's word. */
export const confirmedInMs = ({ revokedAt, confirmedAt }: Receipt) =>
  Date.parse(confirmedAt ?? revokedAt) - Date.parse(revokedAt);
