import { defineRoutes, healthReportSchema } from '@tollgate/contracts';
import { z } from 'zod';

const own = { tag: 'Operation', auth: 'none', method: 'GET' } as const;

/** The routes of every process (contract A5). */
export const ownRoutes = defineRoutes([
  {
    ...own,
    path: '/health/live',
    summary: 'Whether the process lives',
    answers: { 200: z.object({ status: z.literal('ok') }) },
  },
  {
    ...own,
    path: '/health/ready',
    summary: 'Whether it would answer correctly now, with each part',
    answers: { 200: healthReportSchema, 503: healthReportSchema },
  },
  {
    ...own,
    path: '/metrics',
    summary: 'Metrics in the form of Prometheus',
    answers: { 200: { schema: z.string(), contentType: 'text/plain' } },
  },
  { ...own, path: '/openapi.json', summary: 'This document', answers: { 200: z.record(z.string(), z.unknown()) } },
  {
    ...own,
    path: '/asyncapi.json',
    summary: 'Every fact that consumers may read from the log, as AsyncAPI 3',
    answers: { 200: z.record(z.string(), z.unknown()) },
  },
]);
