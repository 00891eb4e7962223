import { hasBeenHeard, hear, silentMs } from './silence.js';

describe('the silence of gateways', () => {
  it('counts from the last new sign of life, whatever else is read', () => {
    const first = hear(
      new Map(),
      [
        { id: 'a', beat: 1 },
        { id: 'b', beat: 7 },
      ],
      1_000,
    );
    const later = hear(
      first,
      [
        { id: 'a', beat: 2 },
        { id: 'b', beat: 7 },
      ],
      4_000,
    );
    expect([silentMs(later, 'a', 5_000), silentMs(later, 'b', 5_000)]).toEqual([1_000, 4_000]);
    expect(['a', 'b'].map((id) => [hasBeenHeard(first, id), hasBeenHeard(later, id)])).toEqual([
      [false, true],
      [false, false],
    ]);
  });

  it('forgets who left, and expects nothing of who shares the directory', () => {
    const first = hear(new Map(), [{ id: 'a', beat: 1 }], 1_000);
    const later = hear(first, [{ id: 'embedded', beat: null }], 9_000);
    expect([...later]).toEqual([]);
    expect(silentMs(later, 'embedded', 9_000)).toBe(0);
  });
});
