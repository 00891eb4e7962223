/** One fault of a form's field, as the server names it (zod's issues, contract B1.1 `details`). */
export interface FieldFault {
  path: (string | number)[];
  message: string;
}

/** A request that did not do what was asked: refused by the server, or the server could not be reached (status 0). */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code: string | undefined,
    readonly details: unknown,
    readonly requestId: string | undefined,
    readonly retryAfterSeconds: number | undefined,
  ) {
    super(message);
    this.name = 'Refusal';
  }

  /** The server could not be reached, or it said that it will be back. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }

  /** Faults by field, for a form: `runner.expression` → message. */
  get fieldFaults(): Record<string, string> {
    if (!Array.isArray(this.details)) return {};
    const faults = this.details.filter(isFieldFault).map(({ path, message }) => [path.join('.'), message] as const);
    return Object.fromEntries(faults.filter(([path]) => path !== ''));
  }
}

function isFieldFault(value: unknown): value is FieldFault {
  const { path, message } = (value ?? {}) as Partial<FieldFault>;
  return Array.isArray(path) && typeof message === 'string';
}

/** What happened and how to go on, in words for a reader. */
export function explain(error: unknown): { title: string; text: string; requestId?: string } {
  if (!(error instanceof Refusal)) {
    return { title: 'Something went wrong', text: error instanceof Error ? error.message : String(error) };
  }
  const { status, message, requestId } = error;
  const said = requestId === undefined ? { text: message } : { text: message, requestId };
  const wait = error.retryAfterSeconds === undefined ? 'in a moment' : `in ${error.retryAfterSeconds} seconds`;
  if (status === 0) {
    return { title: 'The server cannot be reached', text: 'Check your connection. This page tries again by itself.' };
  }
  if (error.code === 'CSRF') {
    return {
      ...said,
      title: 'This address is not trusted',
      text: `${message}. Open the dashboard at its own address.`,
    };
  }
  if (status === 401) return { ...said, title: 'You are signed out', text: 'Sign in again to go on.' };
  if (status === 403)
    return { ...said, title: 'You may not do this', text: `${message}. Ask an admin of the workspace.` };
  if (status === 404) return { ...said, title: 'Not found', text: `${message}. It may have been removed meanwhile.` };
  if (status === 409) return { ...said, title: 'Already there' };
  if (status === 429) return { ...said, title: 'Too many requests', text: `${message} Try again ${wait}.` };
  if (error.isPassing) return { ...said, title: 'Not available just now', text: `${message}. Try again ${wait}.` };
  if (status >= 500)
    return { ...said, title: 'The server failed', text: `${message}. Try again; nothing was half done.` };
  return { ...said, title: 'That did not work' };
}
