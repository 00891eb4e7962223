import { Hmac } from '@tollgate/api-key';
import { isUpstreamHeaderName } from '@tollgate/contracts';
import type { RunCall, UpstreamSecrets } from './workflow-runner.js';

const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

const ACCEPT = ['accept', 'application/json, text/plain, */*'];
/** Where somebody follows the run. */
const STREAM_ACCEPT = ['accept', `text/event-stream, ${ACCEPT[1]}`];

/** What any upstream gets, also one that another sent us to. An encoded answer is refused: its size would be a guess. */
const PLAIN_HEADERS = { 'content-type': 'application/json', 'accept-encoding': 'identity' };

/** Names and values by turns, as undici takes them without going through an object's keys. */
export type HeaderList = string[];

/** What is the same in every run of a deployment. */
interface Prepared {
  workspaceId: string;
  workflowId: string;
  accept: HeaderList;
  others: HeaderList;
  hmac: Hmac;
}

const prepared = new WeakMap<UpstreamSecrets, Prepared>();

/**
 * The headers of a run's request (contract A1 row 9): whose run it is, the proof that it comes from here, and the
 * workflow's own. Nothing of the caller's request is among them. Throws `HeaderFault`.
 */
export function runHeaders(call: RunCall, nowMs: number): HeaderList {
  const secrets = call.upstreamSecrets;
  if (!secrets) throw new Error('a run without the secrets of its deployment has no headers');
  let same = prepared.get(secrets);
  if (same?.workflowId !== call.workflowId || same.workspaceId !== call.workspaceId) {
    prepared.set(secrets, (same = prepare(call, secrets)));
  }
  return [
    ...(call.outlet && same.accept.length > 0 ? STREAM_ACCEPT : same.accept),
    ...same.others,
    'x-tollgate-run-id',
    call.runId,
    'x-tollgate-signature',
    signatureOf(call.inputJson, same.hmac, nowMs),
  ];
}

function prepare({ workspaceId, workflowId }: RunCall, { headers, signingSecret }: UpstreamSecrets): Prepared {
  const sent: Record<string, string> = { 'user-agent': 'tollgate' };
  for (const [name, value] of Object.entries(headers)) {
    if (!isUpstreamHeaderName(name)) continue; // it belongs to the connection, the body or the platform
    if (!VALUE.test(value)) throw new HeaderFault();
    sent[name.toLowerCase()] = value;
  }
  const all = {
    ...sent,
    ...PLAIN_HEADERS,
    'x-tollgate-workspace-id': workspaceId,
    'x-tollgate-workflow-id': workflowId,
  };
  const accept = 'accept' in sent ? [] : ACCEPT;
  return { workspaceId, workflowId, accept, others: Object.entries(all).flat(), hmac: new Hmac(signingSecret) };
}

/** What an upstream on another origin gets after a redirect: no secret, no name of ours. */
export function strangerHeaders(): HeaderList {
  return [...Object.entries(PLAIN_HEADERS).flat(), ...ACCEPT, 'user-agent', 'tollgate'];
}

/** A header of the workflow that cannot be sent as it is; never names its value. */
export class HeaderFault extends Error {
  constructor() {
    super('A header of this workflow is not valid');
  }
}

/** `t=<unix seconds>,v1=<hex HMAC-SHA-256 of "t.body">` (contract A6 `http` runner). */
export function signatureOf(bodyText: string, hmac: Hmac, nowMs: number): string {
  const t = Math.floor(nowMs / 1000);
  return `t=${t},v1=${hmac.ofText(`${t}.${bodyText}`)}`;
}
