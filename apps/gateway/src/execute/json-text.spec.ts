import fc from 'fast-check';
import { JSON_DEPTH_MAX, keptJson, KEPT_BYTES_MAX, nestsDeeperThan } from './json-text.js';

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

describe('the depth of a JSON text', () => {
  test('is what the value’s depth is, whatever its strings look like', () => {
    const anyJson = fc.jsonValue({ maxDepth: 6 });
    fc.assert(
      fc.property(anyJson, fc.string(), fc.integer({ min: 0, max: 7 }), (value, text, depthMax) => {
        const all = [value, `[{"\\${text}`, { [`]]]"${text}`]: '[[[[' }];
        // Blanks make the text long enough to be looked at.
        const json = JSON.stringify(all) + ' '.repeat(20);
        expect(nestsDeeperThan(json, depthMax)).toBe(depthOf(all) > depthMax);
      }),
    );
  });

  test('is found at the bound exactly', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(nestsDeeperThan(nested(JSON_DEPTH_MAX))).toBe(false);
    expect(nestsDeeperThan(nested(JSON_DEPTH_MAX + 1))).toBe(true);
  });
});

describe('what the log keeps of an input or output', () => {
  const note = (json: string) => JSON.parse(keptJson(json)) as { truncated: true; bytes: number; preview: string };
  const textOfBytes = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));

  test('is all of it up to the bound', () => {
    expect(keptJson(textOfBytes(KEPT_BYTES_MAX))).toBe(textOfBytes(KEPT_BYTES_MAX));
    expect(keptJson('{"a": 1}')).toBe('{"a": 1}');
  });

  test('is its size and beginning beyond', () => {
    const json = textOfBytes(KEPT_BYTES_MAX + 1);
    expect(note(json)).toEqual({ truncated: true, bytes: KEPT_BYTES_MAX + 1, preview: json.slice(0, 1_000) });
  });

  test('counts bytes, not characters, and cuts no character in two', () => {
    const json = JSON.stringify('é🙂'.repeat(KEPT_BYTES_MAX / 6 + 1));
    expect(note(json).bytes).toBe(Buffer.byteLength(json));
    expect(note(`"x${'🙂'.repeat(KEPT_BYTES_MAX)}"`).preview.isWellFormed()).toBe(true);
  });

  test('is a note, too, where it nests too deeply to be read', () => {
    const json = '['.repeat(10_000) + ']'.repeat(10_000);
    expect(note(json)).toMatchObject({ truncated: true, bytes: 20_000 });
  });
});
