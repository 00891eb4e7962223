/** What a command line's sign-in link carries (contract B8). The request and the challenge are no secrets: only the command line knows what the challenge was made of. */
export interface PairingSearch {
  request?: string;
  challenge?: string;
  pairing?: string;
  scope?: string;
  /** The workspace that the command line has in use. */
  workspace?: string;
}

const RULES: Record<keyof PairingSearch, RegExp> = {
  request: /^[\w-]{43}$/,
  challenge: /^[\w-]{43}$/,
  pairing: /^[A-Z0-9]{4}-[A-Z0-9]{4}$/,
  scope: /^platform$/,
  workspace: /^[\w-]{1,128}$/,
};

/** Reads an address: what is not of the right form is dropped, so that nobody can write words of his own on the page. */
export function readPairingSearch(search: Record<string, unknown>): PairingSearch {
  const read: PairingSearch = {};
  for (const [name, rule] of Object.entries(RULES) as [keyof PairingSearch, RegExp][]) {
    const value = search[name];
    const text = typeof value === 'number' ? String(value) : value;
    if (typeof text === 'string' && rule.test(text)) read[name] = text;
  }
  return read;
}

export type CompletePairing = PairingSearch & Required<Pick<PairingSearch, 'request' | 'challenge' | 'pairing'>>;

/** Whether the link is whole: a part of it, cut off by a mail program say, pairs nothing. */
export const isComplete = (search: PairingSearch): search is CompletePairing =>
  search.request !== undefined &&
  search.challenge !== undefined &&
  search.pairing !== undefined &&
  search.scope !== undefined;
