const MILLISECONDS = Array.from({ length: 1_000 }, (_, ms) => `${String(ms).padStart(3, '0')}Z`);

let second = NaN;
let secondText = '';

/** `new Date(ms).toISOString()`, made anew only once a second: every run needs it several times. */
export function instantText(atMs: number): string {
  const wanted = Math.floor(atMs / 1_000);
  if (wanted !== second) {
    secondText = new Date(wanted * 1_000).toISOString().slice(0, -4);
    second = wanted;
  }
  return secondText + MILLISECONDS[atMs - wanted * 1_000];
}
