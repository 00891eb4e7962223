import { Problem } from '@tollgate/contracts';
import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';

export interface CheckedOptions {
  /** `first`: the error text is the first fault's own message (Sim's list routes); else "Validation error". */
  text?: 'first' | string;
}

/**
 * Checks a value at the door. Throws a 400 Problem whose `details` names each field and rule. An absent body counts
 * as an empty object, so that the faults name the missing fields.
 */
export function check<S extends z.ZodType>(schema: S, value: unknown, options: CheckedOptions = {}): z.output<S> {
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const details = result.error.issues.map(({ path, message, code, ...rest }) => ({
    code,
    path,
    message,
    ...('keys' in rest && { keys: rest.keys }),
  }));
  const text = options.text === 'first' ? details[0]?.message : options.text;
  throw new Problem('badRequest', { details, ...(text !== undefined && { text }) });
}

/** `@Body(new Checked(schema))`: the schema is the check and the type. */
export class Checked<S extends z.ZodType> implements PipeTransform<unknown, z.output<S>> {
  constructor(
    private readonly schema: S,
    private readonly options: CheckedOptions = {},
  ) {}

  transform(value: unknown): z.output<S> {
    return check(this.schema, value, this.options);
  }
}
