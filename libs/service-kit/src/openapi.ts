import {
  BODY_BYTES_MAX,
  isV2Path,
  type RouteAuth,
  type RouteSpec,
  PROBLEMS,
  type TypedAnswer,
} from '@tollgate/contracts';
import { z } from 'zod';

const SECURITY: Record<RouteAuth, object[]> = {
  none: [],
  session: [{ session: [] }],
  'api-key': [{ apiKey: [] }],
  'admin-key': [{ adminKey: [] }],
  internal: [{ internal: [] }],
};

const PROBLEM_V1 = {
  type: 'object',
  required: ['error', 'code'],
  properties: { error: { type: 'string' }, code: { type: 'string' }, details: {} },
};

const PROBLEM_V2 = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message'],
      properties: {
        code: { type: 'string', enum: [...new Set(Object.values(PROBLEMS).map((problem) => problem.v2))] },
        message: { type: 'string' },
        details: {},
      },
    },
  },
};

type Json = Record<string, unknown>;

export interface OpenApi extends Json {
  info: { title: string; version: string; description: string };
  /** Operations by path and method. */
  paths: Record<string, Json>;
}

/** OpenAPI 3.1 of the given routes, made from the very schemas that their handlers check with. */
export function openApiOf(routes: readonly RouteSpec[], publicUrl: string): OpenApi {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, path) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tollgate',
      version: '0.1.0',
      description: 'API keys in front of a workflow-execution API: issue, run, bill, log, revoke.',
    },
    servers: [{ url: publicUrl }],
    paths,
    components: {
      securitySchemes: {
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        internal: { type: 'apiKey', in: 'header', name: 'X-Tollgate-Internal' },
        adminKey: { type: 'apiKey', in: 'header', name: 'X-Admin-Key' },
        session: { type: 'apiKey', in: 'cookie', name: 'better-auth.session_token' },
      },
      schemas: { Problem: PROBLEM_V1, ProblemV2: PROBLEM_V2 },
    },
  };
}

function operationOf(route: RouteSpec, path: string): Json {
  const name = path.replaceAll(/[^A-Za-z0-9]+(\w?)/g, (_match, letter: string) => letter.toUpperCase());
  return {
    operationId: `${route.method.toLowerCase()}${name}`,
    summary: route.summary,
    tags: [route.tag],
    security: SECURITY[route.auth],
    parameters: [
      ...pathParameters(route, path),
      ...parametersOf(route.query, 'query'),
      ...parametersOf(route.headers, 'header'),
    ],
    ...(route.body && {
      requestBody: {
        required: true,
        description: `At most ${(route.bodyBytesMax ?? BODY_BYTES_MAX) / 1024} KiB`,
        content: { 'application/json': { schema: schemaOf(route.body, 'input') } },
      },
    }),
    responses: { ...answersOf(route), ...refusalsOf(route) },
  };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const json: Json = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  delete json.$schema;
  return json;
}

function pathParameters(route: RouteSpec, path: string): Json[] {
  const known = route.params ? ((schemaOf(route.params, 'input').properties ?? {}) as Record<string, Json>) : {};
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: known[name as string] ?? { type: 'string' },
  }));
}

function parametersOf(schema: z.ZodType | undefined, place: 'query' | 'header'): Json[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
    ...(property.description !== undefined && { description: property.description }),
  }));
}

function answersOf(route: RouteSpec): Json {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => {
      const given: TypedAnswer = 'contentType' in answer ? answer : { schema: answer, contentType: 'application/json' };
      const forms = given.or ? [given, given.or] : [given];
      const content = Object.fromEntries(
        forms.map(({ schema, contentType }) => [contentType, { schema: schemaOf(schema, 'output') }]),
      );
      return [status, { description: Number(status) < 300 ? 'Success' : 'See the body', content }];
    }),
  );
}

function refusalsOf(route: RouteSpec): Json {
  const statuses = new Set([
    ...(route.refusals ?? []),
    ...(route.auth === 'none' ? [] : [401]),
    ...(route.body ? [413, 415] : []),
    500,
    503,
  ]);
  const problem = isV2Path(route.path) ? 'ProblemV2' : 'Problem';
  const described = [...statuses].filter((status) => !(status in route.answers)).sort();
  return Object.fromEntries(
    described.map((status) => [
      status,
      {
        description: Object.values(PROBLEMS).find((problem) => problem.status === status)?.text ?? 'Refused',
        content: { 'application/json': { schema: { $ref: `#/components/schemas/${problem}` } } },
      },
    ]),
  );
}
