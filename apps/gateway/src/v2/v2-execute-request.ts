import type { IncomingHttpHeaders } from 'node:http';
import { EXECUTION_ID_PATTERN, Problem, type V2ExecuteBody, v2ExecuteBodySchema } from '@tollgate/contracts';
import { checkV2Body, parseJson } from '@tollgate/service-kit';
import type { RunAsked } from '../execute/admitted-run.js';
import { JSON_DEPTH_MAX, nestsDeeperThan } from '../execute/json-text.js';

/** What a v2 execute call asks for, apart from who calls. */
export interface V2ExecuteRequest {
  asked: RunAsked;
  mode: 'sync' | 'async' | 'stream';
  /** Asked limit of an asynchronous run. */
  timeoutMs: number | undefined;
  selectedOutputs: readonly string[] | undefined;
}

/** Reads body and headers of a v2 execute call (contract B3.2). Throws its 400s, which name the key and the rule. */
export function readV2ExecuteRequest(headers: IncomingHttpHeaders, body: Buffer | undefined): V2ExecuteRequest {
  const text = body?.toString('utf8') ?? '';
  const value = body === undefined ? undefined : parseJson(body);
  if (nestsDeeperThan(text)) {
    throw new Problem('badRequest', { text: `Request body is nested deeper than ${JSON_DEPTH_MAX} levels` });
  }
  const given: V2ExecuteBody = checkV2Body(v2ExecuteBodySchema, value);
  const input = given.input ?? {};
  return {
    asked: { input, inputJson: JSON.stringify(input), executionId: runIdOf(headers), overridesTrigger: false },
    mode: given.async ? 'async' : given.stream ? 'stream' : 'sync',
    timeoutMs: given.executionTimeoutSeconds === undefined ? undefined : given.executionTimeoutSeconds * 1000,
    selectedOutputs: given.selectedOutputs,
  };
}

/** One-shot: a claim on an id, not an idempotency key (contract B3.2). */
function runIdOf(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['x-run-id'];
  if (given === undefined) return undefined;
  if (typeof given === 'string' && EXECUTION_ID_PATTERN.test(given)) return given;
  const message = 'X-Run-Id must be 1 to 128 characters of A-Z a-z 0-9 . _ : -';
  throw new Problem('badRequest', { text: message, details: [{ code: 'custom', path: ['x-run-id'], message }] });
}
