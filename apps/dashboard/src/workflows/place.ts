/** Where in a text a fault is: JSONata counts characters, people count lines. */
export interface Place {
  line: number;
  column: number;
  /** The line, and a caret under the column. */
  excerpt: string;
}

const EXCERPT_SPAN = 60;

/** JSONata's position is just behind the token that it could not take. */
export function placeOf(text: string, position: number): Place {
  const at = Math.max(0, Math.min(position, text.length) - 1);
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const start = before.lastIndexOf('\n') + 1;
  const column = at - start + 1;
  const whole = text.slice(start).split('\n', 1)[0] ?? '';
  const from = Math.max(0, column - 1 - EXCERPT_SPAN);
  const shown = whole.slice(from, from + 2 * EXCERPT_SPAN);
  return { line, column, excerpt: `${shown}\n${' '.repeat(Math.max(0, column - 1 - from))}^` };
}

/** What is wrong with the text as JSON, in words; null: nothing. */
export function jsonFault(text: string, { object = false } = {}): string | null {
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return object && !isObject ? 'This must be a JSON object: { … }' : null;
  } catch (error) {
    return `Not JSON: ${(error as Error).message.replace(/^JSON\.parse: /, '')}`;
  }
}
