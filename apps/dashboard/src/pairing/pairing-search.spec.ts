import { isComplete, readPairingSearch } from './pairing-search.js';

const LINK = { request: 'r'.repeat(43), challenge: 'c'.repeat(43), pairing: 'ABCD-2345', scope: 'platform' };

describe('a pairing link', () => {
  it('is read as the command line writes it, its workspace too', () => {
    expect(readPairingSearch({ ...LINK, workspace: 'w_1' })).toEqual({ ...LINK, workspace: 'w_1' });
    expect(isComplete(readPairingSearch(LINK))).toBe(true);
  });

  it.each(['request', 'challenge', 'pairing', 'scope'])('pairs nothing without its %s', (name) => {
    expect(isComplete(readPairingSearch({ ...LINK, [name]: undefined }))).toBe(false);
  });

  it('carries no words of somebody else’s onto the page', () => {
    const junk = { ...LINK, pairing: 'Call +1 555 0100', request: '<b>', workspace: 'a b', other: 'x' };
    expect(readPairingSearch(junk)).toEqual({ challenge: LINK.challenge, scope: 'platform' });
  });
});
