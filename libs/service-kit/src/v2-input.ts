import type { PipeTransform } from '@nestjs/common';
import { type FieldFault, Problem } from '@tollgate/contracts';
import { z } from 'zod';
import { check } from './checked.js';

/** The query of a v2 route that knows none. */
export const noQuerySchema = z.strictObject({});

/**
 * Checks a v2 query (contract B2): keys that the route does not know, blank values and keys that are given twice are 400s
 * that name the key. Give it a strict object; its values are single texts when the schema sees them.
 */
export function checkV2Query<S extends z.ZodObject>(schema: S, raw: unknown): z.output<S> {
  const given = Object.entries((raw ?? {}) as Record<string, unknown>);
  const faults = given.flatMap(([name, value]): FieldFault[] => {
    if (typeof value !== 'string') return [fault(name, `${name} must be given once`)];
    return value.trim() === '' ? [fault(name, `${name} must not be blank`)] : [];
  });
  if (faults.length > 0) throw new Problem('badRequest', { text: faults[0]!.message, details: faults });
  return check(schema, Object.fromEntries(given), { text: 'first' });
}

/** Checks a v2 body: an absent one is an empty object; the error's text is the first fault's own. */
export function checkV2Body<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  if (body === null) throw new Problem('badRequest', { text: 'Request body must be a JSON object' });
  return check(schema, body, { text: 'first' });
}

function fault(name: string, message: string): FieldFault {
  return { code: 'custom', path: [name], message };
}

/** `@Query(new V2Query(schema))`. */
export class V2Query<S extends z.ZodObject> implements PipeTransform<unknown, z.output<S>> {
  constructor(private readonly schema: S) {}

  transform(value: unknown): z.output<S> {
    return checkV2Query(this.schema, value);
  }
}

/** `@Body(new V2Body(schema))`. */
export class V2Body<S extends z.ZodType> implements PipeTransform<unknown, z.output<S>> {
  constructor(private readonly schema: S) {}

  transform(value: unknown): z.output<S> {
    return checkV2Body(this.schema, value);
  }
}
