import {
  announcedPriceSchema,
  announcePriceSchema,
  defineRoutes,
  reconciliationQuerySchema,
  reconciliationSchema,
  reportQuerySchema,
  reportSchema,
  usageLimitsSchema,
  v2BillingLogsQuerySchema,
  v2BillingLogsSchema,
  v2BillingStatusQuerySchema,
  v2BillingStatusSchema,
} from '@tollgate/contracts';
import { z } from 'zod';

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
    answers: {
      200: {
        schema: reportSchema,
        contentType: 'application/json',
        or: { schema: z.string().describe('with `format=csv`'), contentType: 'text/csv' },
      },
    },
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
    method: 'GET',
    path: '/api/v2/billing/status',
    tag: 'Billing v2',
    summary: 'Plan, period and, for the payer, credits of whoever pays for the caller’s runs',
    auth: 'api-key',
    query: v2BillingStatusQuerySchema,
    answers: { 200: v2BillingStatusSchema },
    refusals: [400, 403, 404, 429],
  },
  {
    method: 'GET',
    path: '/api/v2/billing/logs',
    tag: 'Billing v2',
    summary: 'What the credits were used for, newest first',
    auth: 'api-key',
    query: v2BillingLogsQuerySchema,
    answers: { 200: v2BillingLogsSchema },
    refusals: [400, 403, 404, 429],
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
