import { createHmac } from 'node:crypto';
import { isUpstreamHeaderName } from '@tollgate/contracts';
import type { RunCall } from './workflow-runner.js';

const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const ACCEPT = 'application/json, text/plain, */*';
/** Where somebody follows the run. */
const STREAM_ACCEPT = `text/event-stream, ${ACCEPT}`;

/** What any upstream gets, also one that another sent us to. An encoded answer is refused: its size would be a guess. */
const PLAIN_HEADERS = { 'content-type': 'application/json', 'accept-encoding': 'identity' };

/**
 * The headers of a run's request (contract A1 row 9): whose run it is, the proof that it comes from here, and the
 * workflow's own. Nothing of the caller's request is among them. Throws `HeaderFault`.
 */
export function runHeaders(call: RunCall, body: Buffer, nowMs: number): Record<string, string> {
  const { headers = {}, signingSecret = '' } = call.upstreamSecrets ?? {};
  const sent: Record<string, string> = { accept: call.outlet ? STREAM_ACCEPT : ACCEPT, 'user-agent': 'tollgate' };
  for (const [name, value] of Object.entries(headers)) {
    if (!isUpstreamHeaderName(name)) continue; // it belongs to the connection, the body or the platform
    if (!VALUE.test(value)) throw new HeaderFault();
    sent[name.toLowerCase()] = value;
  }
  return {
    ...sent,
    ...PLAIN_HEADERS,
    'x-tollgate-run-id': call.runId,
    'x-tollgate-workspace-id': call.workspaceId,
    'x-tollgate-workflow-id': call.workflowId,
    'x-tollgate-signature': signatureOf(body, signingSecret, nowMs),
  };
}

/** What an upstream on another origin gets after a redirect: no secret, no name of ours. */
export function strangerHeaders(): Record<string, string> {
  return { ...PLAIN_HEADERS, accept: ACCEPT, 'user-agent': 'tollgate' };
}

/** A header of the workflow that cannot be sent as it is; never names its value. */
export class HeaderFault extends Error {
  constructor() {
    super('A header of this workflow is not valid');
  }
}

/** `t=<unix seconds>,v1=<hex HMAC-SHA-256 of "t.body">` (contract A6 `http` runner). */
export function signatureOf(body: Buffer, signingSecret: string, nowMs: number): string {
  const t = Math.floor(nowMs / 1000);
  return `t=${t},v1=${createHmac('sha256', signingSecret).update(`${t}.`).update(body).digest('hex')}`;
}
