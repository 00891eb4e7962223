/** Scripts whose spelling needs joiners: Persian and its neighbours, and the Indic ones. */
const JOINED = [
  ...['Arabic', 'Syriac', 'Nko', 'Mongolian', 'Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Oriya', 'Tamil'],
  ...['Telugu', 'Kannada', 'Malayalam', 'Sinhala', 'Khmer', 'Myanmar', 'Tibetan'],
]
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join('');
const PICTURE = '\\p{Extended_Pictographic}';

/** Where a character that shows nothing by itself changes what the ones beside it show. */
const AT_WORK = new RegExp(
  [
    // a family, a profession, a flag: emoji joined to one
    `(?<=${PICTURE}[\\u{1F3FB}-\\u{1F3FF}\\uFE0F]?)\\u200D(?=${PICTURE})`,
    `(?<=[${JOINED}])[\\u200C\\u200D](?=[${JOINED}])`,
    // a character as a picture or as text
    `(?<=${PICTURE})[\\uFE0E\\uFE0F]`,
    '(?<=[0-9#*])\\uFE0F(?=\\u20E3)',
    // one of several forms
    '(?<=\\p{Script=Han})[\\uFE00-\\uFE0F\\u{E0100}-\\u{E01EF}]',
    '(?<=\\p{Script=Mongolian})[\\u180B-\\u180D\\u180F]',
    // the flag of a region
    '(?<=\\u{1F3F4})[\\u{E0030}-\\u{E0039}\\u{E0061}-\\u{E007A}]{2,6}\\u{E007F}',
  ].join('|'),
  'gu',
);

/** Unicode's invisible ones (those of text direction are among them), and the marks of interlinear notes. */
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\uFFF9-\uFFFB]/u;

/**
 * Whether a text holds a character that is not to be seen, or that turns the text around: with it, two texts that differ
 * look alike. Emoji, Persian, Indic, Han and Mongolian texts keep those that they are written with, where they are at work.
 */
export function hasHiddenCharacters(text: string): boolean {
  return HIDDEN.test(text) && HIDDEN.test(text.replace(AT_WORK, ''));
}
