import { randomBytes } from 'node:crypto';
import { openSeal, sealText, type MasterKey } from '@tollgate/api-key';

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
  sealed: { workflowId: string; headersSealed: string | null; signingSealed: string | null },
  keys: readonly MasterKey[],
): { headers: Record<string, string>; signingSecret: string } {
  const { workflowId, headersSealed, signingSealed } = sealed;
  const headers = headersSealed === null ? '{}' : openSeal(headersSealed, headersRecord(workflowId), keys);
  return {
    headers: JSON.parse(headers) as Record<string, string>,
    signingSecret: signingSealed === null ? '' : openSeal(signingSealed, signingRecord(workflowId), keys),
  };
}
