import type { PipeTransform } from '@nestjs/common';

const ID = /^[A-Za-z0-9_-]{1,128}$/;

/** No record has this id. */
const NOBODY = '?';

/** Whether a text could be the id of a record here. */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** `@Param('id', KnownId)`: a text that can be no id (a NUL, 10 kB) finds nothing, like any unknown id. */
export class KnownId implements PipeTransform<string, string> {
  transform(text: string): string {
    return isId(text) ? text : NOBODY;
  }
}
