/** Deepest nesting of an input or an output: what is deeper makes readers and writers of JSON run out of stack. */
export const JSON_DEPTH_MAX = 256;

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** Whether a valid JSON text nests deeper than `depthMax`. Text too short for it is not looked at. */
export function nestsDeeperThan(json: string, depthMax: number = JSON_DEPTH_MAX): boolean {
  if (json.length < depthMax * 2) return false;
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === QUOTE) {
      at = stringEnd(json, at);
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > depthMax) return true;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
    }
  }
  return false;
}

/** The place of the quote that ends the string begun at `start`. */
function stringEnd(json: string, start: number): number {
  let end = start;
  for (;;) {
    end = json.indexOf('"', end + 1);
    if (end === -1) return json.length;
    let backslashes = 0;
    while (json.charCodeAt(end - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
}

/** Largest input or output that the log keeps whole, in bytes of its JSON text. */
export const KEPT_BYTES_MAX = 256 * 1024;
const PREVIEW_CHARACTERS = 1_000;

/** The JSON text that an event carries: the value's own, or a note of its size and beginning when it is too much. */
export function keptJson(json: string): string {
  // No character takes more than three bytes, and none less than one: most texts need no counting.
  const isSmall = json.length * 3 <= KEPT_BYTES_MAX || Buffer.byteLength(json) <= KEPT_BYTES_MAX;
  if (isSmall && !nestsDeeperThan(json)) return json;
  const preview = json.slice(0, PREVIEW_CHARACTERS).toWellFormed();
  return JSON.stringify({ truncated: true, bytes: Buffer.byteLength(json), preview });
}
