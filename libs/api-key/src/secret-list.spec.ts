import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { parseMasterKeys, parsePeppers } from './secret-list.js';

const hexKeys = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('hex'));
const messageOf = (parse: () => unknown): string => {
  try {
    parse();
  } catch (error) {
    return (error as Error).message;
  }
  return 'no error';
};

describe('reading the master keys', () => {
  it('keeps the order, newest first, and names each by the hash of its bytes', () => {
    fc.assert(
      fc.property(fc.uniqueArray(hexKeys, { minLength: 1, maxLength: 16 }), (keys) => {
        const parsed = parseMasterKeys(keys.join(' , '));
        expect(parsed.map(({ key }) => key.toString('hex'))).toEqual(keys);
        for (const { id, key } of parsed) expect(id).toBe(createHash('sha256').update(key).digest('hex').slice(0, 8));
      }),
    );
  });

  it('gives a known key its known id, in either case', () => {
    expect(parseMasterKeys('00'.repeat(32))[0]?.id).toBe('66687aad');
    expect(parseMasterKeys('AB'.repeat(32))).toEqual(parseMasterKeys('ab'.repeat(32)));
  });

  it('says which entries break which rule, all at once, and never their text', () => {
    const text = `${'ab'.repeat(32)},SECRETsecret,,${'ab'.repeat(31)}zz`;
    expect(messageOf(() => parseMasterKeys(text))).toBe(
      'MASTER_KEYS: entry 2 must be 64 hexadecimal characters; entry 3 must not be empty; entry 4 must be 64 hexadecimal characters',
    );
    expect(messageOf(() => parseMasterKeys(`${'ab'.repeat(32)},${'AB'.repeat(32)}`))).toBe(
      'MASTER_KEYS: entry 2 must differ from entry 1',
    );
    expect(messageOf(() => parseMasterKeys(' '))).toBe('MASTER_KEYS must have at least one entry');
    expect(messageOf(() => parseMasterKeys(','.repeat(1_000_000)))).toBe('MASTER_KEYS must have at most 16 entries');
  });
});

describe('reading the peppers', () => {
  it('keeps the order, newest first', () => {
    expect(parsePeppers(`${'n'.repeat(32)}, ${'ö'.repeat(33)}`)).toEqual(['n'.repeat(32), 'ö'.repeat(33)]);
  });

  it('says which entries break which rule, all at once, and never their text', () => {
    const text = `${'p'.repeat(31)},${'q'.repeat(32)},${'r'.repeat(1025)}`;
    expect(messageOf(() => parsePeppers(text))).toBe(
      'KEY_PEPPERS: entry 1 must be at least 32 characters; entry 3 must be at most 1024 characters',
    );
    expect(messageOf(() => parsePeppers(`${'q'.repeat(32)},${'q'.repeat(32)}`))).toBe(
      'KEY_PEPPERS: entry 2 must differ from entry 1',
    );
    expect(messageOf(() => parsePeppers(''))).toBe('KEY_PEPPERS must have at least one entry');
  });

  it('tells nothing of any secret it refuses', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[#-+]{8,31}$/), (secret) => {
        for (const parse of [parsePeppers, parseMasterKeys]) {
          const message = messageOf(() => parse(secret));
          expect(message).toContain('entry 1 must');
          expect(message).not.toContain(secret);
        }
      }),
    );
  });
});
