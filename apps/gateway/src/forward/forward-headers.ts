import type { IncomingHttpHeaders } from 'node:http';
import { CONNECTION_HEADERS } from '@tollgate/contracts';
import { INTERNAL_HEADER } from '@tollgate/service-kit';

/** What is of one connection alone, and what the next server is told anew. */
const NOT_PASSED_ON = new Set([
  ...CONNECTION_HEADERS,
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-request-id',
  // What services show each other never comes from outside.
  INTERNAL_HEADER,
]);

export interface Hop {
  requestId: string;
  /** The address that the connection comes from. */
  peer: string;
  /** Whether what that peer says of the addresses before it is believed (`TRUSTED_PROXIES`). */
  isPeerTrusted: boolean;
}

/** The headers of a request as they are passed on. */
export function requestHeaders(headers: IncomingHttpHeaders, hop: Hop): Record<string, string | string[]> {
  const before = hop.isPeerTrusted ? headers['x-forwarded-for'] : undefined;
  return {
    ...passedOn(headers),
    'x-forwarded-for': before === undefined ? hop.peer : `${[before].flat().join(', ')}, ${hop.peer}`,
    'x-request-id': hop.requestId,
  };
}

/** The headers of an answer as they are passed back; `x-request-id` is the gateway's own, which was passed on. */
export function passedOn(headers: Record<string, string | string[] | undefined>): Record<string, string | string[]> {
  const named = [headers.connection ?? []].flat().join(',').toLowerCase();
  const dropped = new Set(named.split(',').map((name) => name.trim()));
  return Object.fromEntries(
    Object.entries(headers).filter(
      (entry): entry is [string, string | string[]] =>
        entry[1] !== undefined && !NOT_PASSED_ON.has(entry[0]) && !dropped.has(entry[0]),
    ),
  );
}
