/** What is known of the signs of life of each member of the fleet, by the reader's own clock. */
export type Heard = ReadonlyMap<string, { beat: number; atMs: number; isHeard: boolean }>;

export interface Beating {
  id: string;
  beat: number | null;
}

/** Notes who has given another sign of life since the last look; of who is new it is not known yet how old his is. */
export function hear(heard: Heard, members: readonly Beating[], nowMs: number): Heard {
  const next = new Map<string, { beat: number; atMs: number; isHeard: boolean }>();
  for (const { id, beat } of members) {
    if (beat === null) continue;
    const last = heard.get(id);
    next.set(id, last?.beat === beat ? last : { beat, atMs: nowMs, isHeard: last !== undefined });
  }
  return next;
}

/** How long a member has been silent at least; 0 for one that shares the directory and owes no sign. */
export const silentMs = (heard: Heard, id: string, nowMs: number) => nowMs - (heard.get(id)?.atMs ?? nowMs);

/** Whether it has given a sign of life since the reader began to look. */
export const hasBeenHeard = (heard: Heard, id: string) => heard.get(id)?.isHeard ?? false;
