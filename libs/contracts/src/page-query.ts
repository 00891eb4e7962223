import { z } from 'zod';

/**
 * `limit` and `cursor` of a list. Unless asked for less, a page is as long as may be: whoever knows nothing of pages
 * sees what lists have always shown. `nextCursor` is absent on the last page.
 */
export function pageQuerySchema(max: number) {
  return z.object({
    limit: z.coerce
      .number({ error: 'limit must be a number' })
      .int('limit must be a whole number')
      .min(1, `limit must be 1 to ${max}`)
      .max(max, `limit must be 1 to ${max}`)
      .default(max),
    cursor: z
      .string({ error: 'cursor must be one text' })
      .max(500, 'Cursor is not valid')
      .optional()
      .describe('`nextCursor` of the page before'),
  });
}
export type PageQuery = z.output<ReturnType<typeof pageQuerySchema>>;

export const nextCursorSchema = z.string().optional().describe('absent on the last page');
