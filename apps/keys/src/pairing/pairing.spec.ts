import { createHash } from 'node:crypto';
import { keyNameAt, type Pairing, poll } from './pairing.js';

const VERIFIER = 'v'.repeat(43);
const NOW_MS = Date.parse('2026-11-27T14:03:09.512Z');
const approved = (more: Partial<Pairing> = {}): Pairing => ({
  challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
  approvedBy: 'ada',
  workspaceId: null,
  isBound: false,
  expiresAtMs: NOW_MS + 1,
  keyId: null,
  ...more,
});

describe('polling a command-line login', () => {
  test('what nobody approved is pending', () => {
    expect(poll(undefined, VERIFIER, NOW_MS)).toEqual({ outcome: 'pending' });
  });

  test('the one who has the verifier collects it, until it expires', () => {
    expect(poll(approved(), VERIFIER, NOW_MS)).toEqual({ outcome: 'collectable', pairing: approved() });
    expect(poll(approved(), VERIFIER, NOW_MS + 1)).toEqual({ outcome: 'expired' });
  });

  test('it is collected once', () => {
    expect(poll(approved({ keyId: 'k1' }), VERIFIER, NOW_MS)).toEqual({ outcome: 'collected' });
  });

  test('another verifier learns nothing, whatever became of it', () => {
    for (const more of [{}, { keyId: 'k1' }, { expiresAtMs: 0 }, { challenge: VERIFIER }]) {
      expect(poll(approved(more), 'w'.repeat(43), NOW_MS)).toEqual({ outcome: 'wrongVerifier' });
    }
  });
});

test('a key is named for the second of its making, in UTC', () => {
  expect(keyNameAt(new Date(NOW_MS))).toBe('CLI (2026-11-27 14:03:09Z)');
});
