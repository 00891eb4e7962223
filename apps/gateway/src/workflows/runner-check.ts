import { Problem, type FieldFault, type RunnerDraft } from '@tollgate/contracts';
import jsonata from 'jsonata';
import { checkUpstreamUrl } from '../upstream-guard.js';

/**
 * Checks what the schema cannot: that the expression compiles and that the upstream may be reached, as far as this can
 * be known before a run. Throws a 400 Problem that names the place (contract A3).
 */
export function checkRunner(draft: RunnerDraft, upstreamAllow: readonly string[]): void {
  const fault = draft.kind === 'expression' ? expressionFault(draft.expression) : urlFault(draft.url, upstreamAllow);
  if (fault) throw new Problem('badRequest', { details: [fault] });
}

function expressionFault(expression: string): FieldFault | undefined {
  try {
    jsonata(expression);
    return undefined;
  } catch (error) {
    const { message, position, token, code } = error as {
      message?: string;
      position?: number;
      token?: unknown;
      code?: string;
    };
    // Thousands of open brackets run the parser out of stack: the author's fault too.
    const text =
      error instanceof RangeError ? 'Expression is nested too deeply' : (message ?? 'Expression does not compile');
    return {
      path: ['runner', 'expression'],
      message: text.slice(0, 300),
      code: 'invalid_expression',
      ...(code !== undefined && { expressionCode: code }),
      ...(position !== undefined && { position }),
      ...(typeof token === 'string' && { token: token.slice(0, 100) }),
    };
  }
}

function urlFault(url: string, upstreamAllow: readonly string[]): FieldFault | undefined {
  const message = checkUpstreamUrl(url, upstreamAllow);
  return message === undefined ? undefined : { path: ['runner', 'url'], message, code: 'invalid_url' };
}
