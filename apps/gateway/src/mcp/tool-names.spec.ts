import fc from 'fast-check';
import { toolNameOf, uniqueToolNames } from './tool-names.js';

describe('names of tools', () => {
  test.each([
    ['Send Report', 'send_report'],
    ['  Écho — Größe! ', 'echo_gro_e'],
    ['日本語', 'workflow'],
    ['x'.repeat(100), 'x'.repeat(56)],
  ])('%s becomes %s', (name, slug) => {
    expect(toolNameOf(name)).toBe(slug);
  });

  test('a name that is taken gets a number, and the first keeps it', () => {
    expect(uniqueToolNames(['Report', 'report 2', 'REPORT', 'report'])).toEqual([
      'report',
      'report_2',
      'report_3',
      'report_4',
    ]);
  });

  test('whatever workflows are called, their tools have names that MCP allows, none twice, the earlier unmoved by the later', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 100 }), { maxLength: 30 }), (names) => {
        const unique = uniqueToolNames(names);
        expect(new Set(unique).size).toBe(names.length);
        for (const name of unique) expect(name).toMatch(/^[a-z0-9_]{1,64}$/);
        expect(uniqueToolNames(names.slice(0, -1))).toEqual(unique.slice(0, -1));
      }),
    );
  });
});
