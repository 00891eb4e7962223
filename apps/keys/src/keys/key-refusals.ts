import { KEYS_PER_OWNER_MAX, KEY_LIFETIME_YEARS_MAX, Problem } from '@tollgate/contracts';
import { toProblem } from '@tollgate/service-kit';
import type { IssueOutcome, IssuedKey } from './key-mint.js';
import type { KeyOwner } from './key.js';

const NAME_TAKEN = {
  personal: (name: string) => `A personal API key named "${name}" already exists. Please choose a different name.`,
  workspace: (name: string) => `A workspace API key named "${name}" already exists. Choose a different name.`,
};

const EXPIRY_RULES = {
  expiryPast: 'expiresAt must be in the future',
  expiryTooFar: `expiresAt must be at most ${KEY_LIFETIME_YEARS_MAX} years from now`,
};

/** The issued key, or the refusal in the words of contract B1.1. */
export function issuedOrRefuse(outcome: IssueOutcome, kind: KeyOwner['kind'], name: string): IssuedKey {
  switch (outcome.outcome) {
    case 'issued':
      return outcome.key;
    case 'nameTaken':
      throw new Problem('conflict', { text: NAME_TAKEN[kind](name) });
    case 'tooManyKeys':
      throw new Problem('badRequest', { text: `At most ${KEYS_PER_OWNER_MAX} API keys can exist at a time` });
    case 'expiryPast':
    case 'expiryTooFar': {
      const message = EXPIRY_RULES[outcome.outcome];
      throw new Problem('badRequest', { details: [{ code: 'custom', path: ['expiresAt'], message }] });
    }
    case 'forbidden':
      throw new Problem('forbidden');
  }
}

/** Whatever went wrong unforeseen in `work` is answered by `text` (contract B1.1, status 500); refusals stay what they are. */
export async function orFailWith<T>(text: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const problem = toProblem(error);
    throw problem.kind === 'internal' ? new Problem('internal', { text, cause: error }) : problem;
  }
}

export const keyNotFound = () => new Problem('notFound', { text: 'API key not found' });

/** The answer of a create: the key's text is in it and in no other. */
export function createdAnswer({ expiresAt, ...key }: IssuedKey) {
  return { key: { ...key, ...(expiresAt !== null && { expiresAt }) } };
}
