import type { z } from 'zod';

/** Largest body of a route that says nothing else, in bytes: what people manage is small. */
export const BODY_BYTES_MAX = 256 * 1024;
/** Largest body of a route that carries a run's input, in bytes (contract B3.1). */
export const RUN_BODY_BYTES_MAX = 10 * 1024 * 1024;

/** Who may call: the one visible word per route (house rule 13). */
export type RouteAuth = 'none' | 'session' | 'api-key' | 'admin-key' | 'internal';

/**
 * One route of the wire, described once: the OpenAPI document is made from these, and a test holds them against the
 * routes that really answer. Schemas here are the same objects the handlers check with.
 */
export interface RouteSpec {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fastify form: `/api/workflows/:id/execute`. */
  path: string;
  tag: string;
  summary: string;
  auth: RouteAuth;
  params?: z.ZodType;
  query?: z.ZodType;
  headers?: z.ZodType;
  body?: z.ZodType;
  /** Largest body, in bytes; default `BODY_BYTES_MAX`. */
  bodyBytesMax?: number;
  /** Schema of each answer by status; refusals that every route shares are added by the document's maker. */
  answers: Record<number, z.ZodType | TypedAnswer>;
  /** Statuses of refusals, for the document (`401`, `403`, …). */
  refusals?: number[];
}

/** An answer that is not JSON, or not only. */
export interface TypedAnswer {
  schema: z.ZodType;
  contentType: string;
  /** What the same status may carry instead. */
  or?: { schema: z.ZodType; contentType: string };
}

/** Types a list of routes without widening it. */
export function defineRoutes<const T extends RouteSpec[]>(routes: T): T {
  return routes;
}
