import type { ProblemKind } from '@tollgate/contracts';
import type { IncomingHttpHeaders } from 'node:http';

export interface BrowserRequest {
  method: string;
  headers: IncomingHttpHeaders;
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * The CSRF defence of session routes (contract A6 "CSRF and guessing"): on an unsafe method an `Origin` that is ours, or
 * none together with no `Sec-Fetch-Site` of another site; and a body only as JSON, which a foreign form cannot send.
 * Ours is `PUBLIC_URL`'s origin, or the very host that the request was sent to (so that any name of this machine works).
 * Returns the problem, or undefined when the request may go on. Pure.
 */
export function crossSiteFault(
  { method, headers }: BrowserRequest,
  publicOrigin: string,
): Extract<ProblemKind, 'csrf' | 'unsupportedMediaType'> | undefined {
  if (SAFE_METHODS.has(method)) return undefined;
  if (!isOurs(headers, publicOrigin)) return 'csrf';
  return hasBody(headers) && !isJson(headers['content-type']) ? 'unsupportedMediaType' : undefined;
}

function isOurs(headers: IncomingHttpHeaders, publicOrigin: string): boolean {
  const { origin } = headers;
  if (origin !== undefined) {
    return origin === publicOrigin || (headers.host !== undefined && hostOf(origin) === headers.host.toLowerCase());
  }
  const site = headers['sec-fetch-site'];
  return site === undefined || site === 'same-origin' || site === 'none';
}

function hostOf(origin: string): string | undefined {
  const url = URL.parse(origin);
  return url && (url.protocol === 'http:' || url.protocol === 'https:') ? url.host : undefined;
}

function hasBody(headers: IncomingHttpHeaders): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

function isJson(contentType: string | undefined): boolean {
  return contentType !== undefined && contentType.split(';', 1)[0]!.trim().toLowerCase() === 'application/json';
}
