import type { FleetMemberView, HealthReport, OperatorUserView, ServiceHealthView } from '@tollgate/contracts';
import { ask, type Question, withQuery } from '../server/ask.js';
import type { RevokedAnswer } from '../keys/keys.js';

export type Person = OperatorUserView;

/** The operator's routes, asked with a key that lives in the page's memory alone. */
export function operatorOf(adminKey: string) {
  const tell = <T>(path: string, question: Question = {}) =>
    ask<T>(`/api/v1/admin${path}`, { ...question, headers: { 'x-admin-key': adminKey }, ownCredential: true });
  const changed = async (path: string, method: 'PUT' | 'POST', body: unknown) =>
    tell<{ user: Person } & Pick<RevokedAnswer, 'receipt' | 'pending'>>(path, { method, body });
  return {
    findUser: async (email: string) => (await tell<{ user: Person }>(withQuery('/users', { email }))).user,
    createUser: (body: { name: string; email: string; password: string }) => changed('/users', 'POST', body),
    setPlan: (id: string, plan: string) => changed(`/users/${id}/plan`, 'PUT', { plan }),
    setLimit: (id: string, usd: string | null) => changed(`/users/${id}/usage-limit`, 'PUT', { usd }),
    suspend: (id: string) => changed(`/users/${id}/suspend`, 'POST', {}),
    reinstate: (id: string) => changed(`/users/${id}/unsuspend`, 'POST', {}),
    gateways: async () => (await tell<{ gateways: FleetMemberView[] }>('/gateways')).gateways,
    services: async () => (await tell<{ services: ServiceHealthView[] }>('/services')).services,
    announcePrice: (body: { from: string; basePerRun: string }) =>
      tell<{ price: { from: string; basePerRun: string } }>('/prices', { method: 'PUT', body }),
  };
}
export type Operator = ReturnType<typeof operatorOf>;

/** A server that is not ready says so with 503 and the same body: here that is an answer. */
export async function readHealth(signal: AbortSignal): Promise<HealthReport> {
  const answer = await fetch('/health/ready', { signal });
  return (await answer.json()) as HealthReport;
}
