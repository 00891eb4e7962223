import fc from 'fast-check';
import { NAME_LENGTH_MAX, nameSchema } from './names.js';

const HIDDEN = 'Name must not contain invisible or text-direction characters';
const faultOf = (name: unknown) => nameSchema.safeParse(name).error?.issues.map(({ message }) => message);
const point = (code: number) => String.fromCodePoint(code);
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, nth) => point(from + nth));

/** Those of text direction, and what else shows nothing: soft hyphen, zero-width and joining ones, fillers, selectors, tags. */
const SHOWS_NOTHING = [
  ...[...range(0x202a, 0x202e), ...range(0x2066, 0x2069), ...range(0x200e, 0x200f), point(0x061c)],
  ...[...range(0x200b, 0x200d), ...range(0x2060, 0x2064), ...range(0xfe00, 0xfe0f), ...range(0xe0020, 0xe007f)],
  ...[0x00ad, 0x034f, 0x115f, 0x1160, 0x180e, 0x3164, 0xfeff, 0xffa0, 0xfff9, 0xe0101].map(point),
];

/** Names as people write them. */
const WRITTEN = [
  ...['Prod – EU (2)', 'Schlüssel', 'Ключ', '鍵', 'مفتاح', 'مفتاح 2 (prod)', 'מפתח', 'กุญแจ', '열쇠', '½ ﬁ'],
  ...['می\u200cخواهم', 'क्\u200dष', 'क्\u200cष', 'ක්\u200dර', 'র\u200d্য', 'ᠬ\u180bᠠ', '葛\u{e0100}城'],
  ...[
    '👩\u200d💻',
    '👨🏽\u200d⚕\ufe0f',
    '🏳\ufe0f\u200d🌈',
    '👩\u200d❤\ufe0f\u200d💋\u200d👨',
    '1\ufe0f\u20e3',
    '☎\ufe0e',
  ],
  '🏴\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}',
];

describe('a name', () => {
  test.each(WRITTEN)('is kept as people write it: %s', (name) => {
    expect(nameSchema.parse(name)).toBe(name.normalize('NFC'));
  });

  test('made of such names is kept, once and again', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...WRITTEN), { minLength: 1, maxLength: 5 }), (parts) => {
        const name = nameSchema.parse(parts.join(' '));
        expect(nameSchema.parse(` ${name}\u3000`)).toBe(name);
      }),
    );
  });

  test('that hides a character anywhere between others is refused', () => {
    const letters = fc
      .stringMatching(/^[A-Za-z0-9é鍵ключ -]{1,20}$/)
      .filter((text) => text.trim() === text && text !== '');
    fc.assert(
      fc.property(letters, letters, fc.constantFrom(...SHOWS_NOTHING), (before, after, hidden) => {
        fc.pre(!/\p{Script=Han}$/u.test(before));
        expect(faultOf(before + hidden + after)).toEqual([HIDDEN]);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    ['joins letters that join nothing', 'pro\u200dd'],
    ['joins an emoji to nothing', '👩\u200d'],
    ['joins twice', 'می\u200c\u200cخ'],
    ['selects a form of a letter', 'prod\ufe0f'],
    ['hides tags behind a flag', '🏴\u{e0067}\u{e0062}'],
    ['turns around what follows', 'invoice\u202egpj.exe'],
    ['is nothing else', '\u200b'],
  ])('that %s is refused', (_what, name) => {
    expect(faultOf(name)).toEqual([HIDDEN]);
  });

  test.each([
    [undefined, 'Name is required'],
    [' \t ', 'Name is required'],
    ['a\u0007b', 'Name must not contain control characters'],
    ['a\u2028b', 'Name must not contain control characters'],
    ['a\ud800', 'Name must not contain control characters'],
    ['👩'.repeat(NAME_LENGTH_MAX + 1), 'Name must be at most 100 characters'],
  ])('%j: %s', (name, message) => expect(faultOf(name)).toEqual([message]));
});
