import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../../../..');

/** A block of code of a page, as it stands there. */
export interface DocumentedLines {
  page: string;
  /** The heading that it stands under. */
  heading: string;
  language: string;
  text: string;
}

/** The blocks of a page in its order. */
export function documentedLines(page: string): DocumentedLines[] {
  const found: DocumentedLines[] = [];
  let heading = '';
  const parts = readFileSync(join(ROOT, page), 'utf8').matchAll(/^#+ (.+)$|^```(\w+)\n([\s\S]*?)^```$/gm);
  for (const [, title, language, text] of parts) {
    if (title !== undefined) heading = title;
    else found.push({ page, heading, language: language as string, text: text as string });
  }
  return found;
}
