import {
  announcedPriceSchema,
  announcePriceSchema,
  defineRoutes,
  reconciliationQuerySchema,
  reconciliationSchema,
  reportQuerySchema,
  reportSchema,
  usageLimitsSchema,
} from '@tollgate/contracts';

const tag = 'Billing';

/** The routes of the billing service, with the schemas that its handlers check with. */
export const billingRoutes = defineRoutes([
  {
    method: 'GET',
    path: '/api/billing/reports',
    tag,
    summary: 'Usage that the signed-in person pays, by day (also split), workspace, key or workflow; as JSON or CSV',
    auth: 'session',
    query: reportQuerySchema,
    answers: { 200: reportSchema },
    refusals: [400],
  },
  {
    method: 'GET',
    path: '/api/billing/reconciliation',
    tag,
    summary: 'Compares the run log with the bill: the own one, or with x-admin-key everybody’s',
    auth: 'session',
    query: reconciliationQuerySchema,
    answers: { 200: reconciliationSchema },
    refusals: [400],
  },
  {
    method: 'GET',
    path: '/api/users/me/usage-limits',
    tag,
    summary: 'Rate limits and usage of whoever pays for the caller’s runs; reading takes no token',
    auth: 'api-key',
    answers: { 200: usageLimitsSchema },
    refusals: [403],
  },
  {
    method: 'PUT',
    path: '/api/v1/admin/prices',
    tag: 'Operator',
    summary: 'Announces what a run costs from an instant on, never before now',
    auth: 'admin-key',
    body: announcePriceSchema,
    answers: { 200: announcedPriceSchema },
    refusals: [400, 404],
  },
]);
