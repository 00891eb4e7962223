import { sessionEnd } from '../session/session-end.js';
import { Refusal } from './refusal.js';
import { reach } from './reach.js';

const TIMEOUT_MS = 30_000;

export interface Question {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  timeoutMs?: number;
  /** A 401 here is an answer, not the end of the session (signing in, keys, the operator's key). */
  ownCredential?: boolean;
}

/**
 * Asks the server and gives its JSON, or throws a `Refusal`. When the session has ended it asks the reader to sign in
 * again, over the page, and then repeats the request: what was typed is kept.
 */
export async function ask<T>(path: string, question: Question = {}): Promise<T> {
  const answer = await askRaw(path, question);
  return (await readJson(answer)) as T;
}

/** As `ask`, for answers that are files. */
export async function askRaw(path: string, question: Question = {}): Promise<Response> {
  const answer = await send(path, question);
  if (answer.ok) return answer;
  if (answer.status === 401 && !question.ownCredential && (await sessionEnd.signInAgain())) {
    const again = await send(path, question);
    if (again.ok) return again;
    throw await refusalOf(again);
  }
  throw await refusalOf(answer);
}

async function send(path: string, question: Question): Promise<Response> {
  const { method = 'GET', body, headers, signal, timeoutMs = TIMEOUT_MS } = question;
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await fetch(path, {
      method,
      credentials: question.headers?.['x-api-key'] === undefined ? 'same-origin' : 'omit',
      headers: {
        accept: 'application/json',
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
    reach.set(true);
    return answer;
  } catch (error) {
    if (signal?.aborted) throw error;
    if (timeout.aborted)
      throw new Refusal(0, `No answer within ${timeoutMs / 1000} s`, 'TIMEOUT', undefined, undefined, undefined);
    reach.set(false);
    throw new Refusal(0, 'The server cannot be reached', 'UNREACHABLE', undefined, undefined, undefined);
  }
}

async function readJson(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(
      answer.status,
      'The answer was not JSON: is something between you and the server?',
      undefined,
      undefined,
      undefined,
      undefined,
    );
  }
}

async function refusalOf(answer: Response): Promise<Refusal> {
  const body = (await readJson(answer).catch(() => undefined)) as
    { error?: unknown; message?: unknown; code?: unknown; details?: unknown } | undefined;
  const message = [body?.error, body?.message].find((text) => typeof text === 'string') as string | undefined;
  const retryAfter = Number(answer.headers.get('retry-after') ?? Number.NaN);
  return new Refusal(
    answer.status,
    message ?? `HTTP ${answer.status}`,
    typeof body?.code === 'string' ? body.code : undefined,
    body?.details,
    answer.headers.get('x-request-id') ?? undefined,
    Number.isFinite(retryAfter) ? retryAfter : undefined,
  );
}

/** `/api/x?a=1`, without what is undefined or empty. */
export function withQuery(path: string, query: Record<string, string | number | boolean | undefined>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? path : `${path}?${text}`;
}
