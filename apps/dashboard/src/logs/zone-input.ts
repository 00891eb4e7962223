/** `datetime-local` fields speak the reader's zone without naming it; the server speaks UTC. */
export function instantOf(local: string | undefined, isEnd = false): string | undefined {
  if (local === undefined) return undefined;
  const ms = Date.parse(local);
  if (Number.isNaN(ms)) return undefined;
  // A field shows minutes: an end means all of its minute.
  return new Date(isEnd ? ms + 59_999 : ms).toISOString();
}

export function localOf(instant: string | undefined): string | undefined {
  const ms = Date.parse(instant ?? '');
  if (Number.isNaN(ms)) return undefined;
  const shifted = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
