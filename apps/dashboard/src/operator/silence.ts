/** When each member of the fleet was last heard, by the reader's own clock. */
export type Heard = ReadonlyMap<string, { beat: number; atMs: number }>;

export interface Beating {
  id: string;
  beat: number | null;
}

/** Notes who has given another sign of life since the last look; who is new counts as heard now. */
export function hear(heard: Heard, members: readonly Beating[], nowMs: number): Heard {
  const next = new Map<string, { beat: number; atMs: number }>();
  for (const { id, beat } of members) {
    if (beat === null) continue;
    const last = heard.get(id);
    next.set(id, last?.beat === beat ? last : { beat, atMs: nowMs });
  }
  return next;
}

/** How long a member has been silent; 0 for one that shares the directory and owes no sign. */
export const silentMs = (heard: Heard, id: string, nowMs: number) => nowMs - (heard.get(id)?.atMs ?? nowMs);
