import type { MasterKey } from '@tollgate/api-key';
import { Problem, type RunnerDraft } from '@tollgate/contracts';
import { newSigningSecret, sealHeaders, sealSigningSecret } from './workflow-secrets.js';
import type { WorkflowRow } from './workflow-row.js';

/** The columns in which a draft's runner lives. */
export type RunnerColumns = Pick<
  WorkflowRow,
  'runner_kind' | 'expression' | 'url' | 'timeout_ms' | 'header_names' | 'headers_sealed' | 'signing_sealed'
>;

/**
 * A draft as columns, and the signing secret when this draft made one, which is then shown once. `before` is the stored
 * row of an update: headers that are not given stay, and so does the signing secret.
 *
 * Stored headers go only to the origin they were given for: whoever points the workflow elsewhere must give them anew,
 * or a writer could have them sent to himself.
 */
export function runnerColumns(
  draft: RunnerDraft,
  of: { workflowId: string; masterKeys: readonly MasterKey[]; before?: WorkflowRow },
): { columns: RunnerColumns; signingSecret?: string } {
  if (draft.kind === 'expression') {
    return {
      columns: {
        runner_kind: 'expression',
        expression: draft.expression,
        url: null,
        timeout_ms: null,
        header_names: [],
        headers_sealed: null,
        signing_sealed: null,
      },
    };
  }
  const { workflowId, masterKeys, before } = of;
  const signingSecret = before?.signing_sealed ? undefined : newSigningSecret();
  const kept = before && draft.headers === undefined ? keptHeaders(before, draft.url) : undefined;
  const given = draft.headers ?? {};
  const names = Object.keys(given);
  return {
    columns: {
      runner_kind: 'http',
      expression: null,
      url: draft.url,
      timeout_ms: draft.timeoutMs ?? null,
      header_names: kept?.header_names ?? names,
      headers_sealed: kept?.headers_sealed ?? (names.length === 0 ? null : sealHeaders(given, workflowId, masterKeys)),
      signing_sealed: signingSecret
        ? sealSigningSecret(signingSecret, workflowId, masterKeys)
        : (before?.signing_sealed ?? null),
    },
    ...(signingSecret !== undefined && { signingSecret }),
  };
}

function keptHeaders(before: WorkflowRow, url: string): WorkflowRow | undefined {
  if (before.headers_sealed === null) return undefined;
  if (new URL(before.url ?? '').origin === new URL(url).origin) return before;
  throw new Problem('badRequest', {
    details: [{ path: ['runner', 'headers'], message: "Headers must be given again when the URL's origin changes" }],
  });
}
