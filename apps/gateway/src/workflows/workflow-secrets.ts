import { randomBytes } from 'node:crypto';
import { openSeal, resealText, sealText, type MasterKey } from '@tollgate/api-key';

/** Secrets of an `http` workflow at rest. Their record ids tie each envelope to its workflow and purpose. */
const headersRecord = (workflowId: string) => `workflow:${workflowId}:headers`;
const signingRecord = (workflowId: string) => `workflow:${workflowId}:signing`;

const SIGNING_SECRET_BYTES = 32;

/** A new signing secret: 256 random bits, shown once (contract A6 "`http` runner"). */
export function newSigningSecret(): string {
  return `tgs_${randomBytes(SIGNING_SECRET_BYTES).toString('base64url')}`;
}

export function sealHeaders(headers: Record<string, string>, workflowId: string, keys: readonly MasterKey[]): string {
  return sealText(JSON.stringify(headers), headersRecord(workflowId), keys);
}

export function sealSigningSecret(secret: string, workflowId: string, keys: readonly MasterKey[]): string {
  return sealText(secret, signingRecord(workflowId), keys);
}

/** Opens what a deployment needs to call its upstream. Throws a SealError when a master key is missing. */
export function openUpstreamSecrets(
  sealed: SealedSecrets & { workflowId: string },
  keys: readonly MasterKey[],
): { headers: Record<string, string>; signingSecret: string } {
  const { workflowId, headersSealed, signingSealed } = sealed;
  const headers = headersSealed === null ? '{}' : openSeal(headersSealed, headersRecord(workflowId), keys);
  return {
    headers: JSON.parse(headers) as Record<string, string>,
    signingSecret: signingSealed === null ? '' : openSeal(signingSealed, signingRecord(workflowId), keys),
  };
}

export interface SealedSecrets {
  headersSealed: string | null;
  signingSealed: string | null;
}

/** The same secrets under the newest master key; undefined when they are. Throws a SealError when a master key is missing. */
export function resealedSecrets(
  { headersSealed, signingSealed }: SealedSecrets,
  workflowId: string,
  keys: readonly MasterKey[],
): SealedSecrets | undefined {
  const headers = headersSealed === null ? undefined : resealText(headersSealed, headersRecord(workflowId), keys);
  const signing = signingSealed === null ? undefined : resealText(signingSealed, signingRecord(workflowId), keys);
  if (headers === undefined && signing === undefined) return undefined;
  return { headersSealed: headers ?? headersSealed, signingSealed: signing ?? signingSealed };
}
