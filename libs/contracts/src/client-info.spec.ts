import fc from 'fast-check';
import { CLIENT_TEXT_MAX, clientProgramOf, keptClientText } from './client-info.js';

/** What a header may hold, and more: control characters, letters of all kinds, halves of pairs. */
const headers = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 1_000 }).map((codes) => String.fromCharCode(...codes)),
  fc.stringMatching(/^[A-Za-z0-9._+-]{1,300}(\/[A-Za-z0-9._+-]{1,300})?[; ]?.?$/),
);

describe('the program of a client', () => {
  test.each<[string | null, string | null, string | null, string | null]>([
    ['sim-cli/2.1.28', 'cli/2.1.28; node/24.21.0; os/linux; arch/x64; agent/none', 'cli', '2.1.28'],
    ['simstudio-python-sdk/0.2.1 python/3.11.2', 'sdk-python/0.2.1; python/3.11.2', 'sdk-python', '0.2.1'],
    ['simstudio-python-sdk/0.2.1 python/3.11.2', null, 'simstudio-python-sdk', '0.2.1'],
    ['node-fetch', null, 'node-fetch', null],
    ['curl/8.14.1', '', 'curl', '8.14.1'],
    ['curl/8.14.1', 'no product here', 'curl', '8.14.1'],
    ['Mozilla/5.0 (X11; Linux x86_64)', null, 'Mozilla', '5.0'],
    ['(nothing)', null, null, null],
    [null, null, null, null],
  ])('of %s and %s is %s %s', (userAgent, clientInfo, name, version) => {
    expect(clientProgramOf({ userAgent, clientInfo })).toEqual({ name, version });
  });

  test('is short and plain whatever is sent', () => {
    fc.assert(
      fc.property(headers, headers, (userAgent, clientInfo) => {
        const { name, version } = clientProgramOf({ userAgent, clientInfo });
        for (const text of [name, version]) if (text !== null) expect(text).toMatch(/^[\w.+-]{1,64}$/);
      }),
    );
  });
});

describe('a client header that is kept', () => {
  test('is bounded and holds no control characters', () => {
    fc.assert(
      fc.property(headers, (text) => {
        const kept = keptClientText(text);
        expect(kept.length).toBeLessThanOrEqual(CLIENT_TEXT_MAX * 2);
        expect(kept).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        expect(kept.isWellFormed()).toBe(true);
      }),
    );
  });

  test('holds no key', () => {
    for (const key of ['sk-sim-dwQgefNRxBePREv2DKCR4djihr1DsJ0R', 'sim_abcdefgh', 'A1b2'.repeat(8)]) {
      expect(keptClientText(`curl/8 key=${key} x`)).toBe('curl/8 key=[redacted] x');
    }
  });

  test('stays as it came when there is nothing to hide', () => {
    const text =
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
    expect(keptClientText(text)).toBe(text);
  });
});
