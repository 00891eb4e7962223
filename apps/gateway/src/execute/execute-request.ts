import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import {
  EXECUTE_CONTROL_FIELDS,
  executeControlsSchema,
  EXECUTION_ID_PATTERN,
  Problem,
  type ExecuteControls,
} from '@tollgate/contracts';
import { JSON_DEPTH_MAX, nestsDeeperThan } from './json-text.js';

/** What an execute call asks for, apart from who calls. */
export interface ExecuteRequest {
  /** The workflow's input: the body without its control fields. */
  input: Record<string, unknown>;
  /** The same as JSON text; the body's own text where nothing had to be taken out. */
  inputJson: string;
  /** The run id that the caller chose, if he did. */
  executionId: string | undefined;
  /** True when the body names a trigger other than `api`; refused once the caller is known to have access. */
  overridesTrigger: boolean;
  /** How it is answered: with the run's end, as the run goes on, or at once, since the run is queued. */
  mode: 'sync' | 'stream' | 'async';
  /** Asked time limit of a queued run, in milliseconds. */
  timeoutMs: number | undefined;
  /** Which parts of the output a stream's end shows; undefined: all. */
  selectedOutputs: string[] | undefined;
}

const CONTROL_FIELDS: ReadonlySet<string> = new Set(EXECUTE_CONTROL_FIELDS);
const CLIENT_SESSION_FIELD = 'isClientSession';
/** Text that may name a `__proto__` member, spelled out or with its underscores escaped. */
const PROTO_MEMBER = /__proto__|\\u005f/i;
const TIMEOUT_SECONDS_MAX = 604_800;

/** Most workflows that may have led to a call, one through the other (contract B3.1 "call chain"). */
export const CALL_CHAIN_MAX = 10;

/**
 * Throws a 409 when too many workflows led to this call: checked first of all, since a workflow that calls itself would
 * otherwise go on for ever.
 */
export function refuseLongCallChain(headers: IncomingHttpHeaders): void {
  const via = headers['x-sim-via'];
  if (via === undefined) return;
  const length = String(via)
    .split(',', CALL_CHAIN_MAX + 1)
    .filter((part) => part.trim() !== '').length;
  if (length <= CALL_CHAIN_MAX) return;
  throw new Problem('conflict', { text: `Workflow call chain is too deep: at most ${CALL_CHAIN_MAX} calls` });
}

/**
 * Reads body and headers of an execute call in contract B3.1's order of checks. Throws its 400s. Pure; a body that has no
 * control field is parsed once and never written again.
 */
export function readExecuteRequest(headers: IncomingHttpHeaders, body: Buffer | undefined): ExecuteRequest {
  const text = body === undefined || body.length === 0 ? '{}' : textOf(body);
  const members = membersOf(text);
  let steers = PROTO_MEMBER.test(text);
  for (const name in members) if (CONTROL_FIELDS.has(name) || name === CLIENT_SESSION_FIELD) steers = true;
  const controls = steers ? readControls(members) : undefined;
  const executionId = readExecutionId(headers);
  const isAsync = asksForAsync(headers);
  const timeoutMs = readTimeoutMs(headers, isAsync);
  if (controls) refuseSessionControls(members, controls);
  const mode = modeOf(headers, isAsync, controls);
  if (controls) {
    const input = inputOf(members);
    return {
      input,
      inputJson: JSON.stringify(input),
      executionId,
      overridesTrigger: overridesTrigger(controls),
      mode,
      timeoutMs,
      selectedOutputs: controls.selectedOutputs,
    };
  }
  return {
    input: members,
    inputJson: text,
    executionId,
    overridesTrigger: false,
    mode,
    timeoutMs,
    selectedOutputs: undefined,
  };
}

function textOf(body: Buffer): string {
  if (!isUtf8(body)) throw invalidJson();
  const text = body.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/** The body's members. `__proto__` members are dropped, since objects are copied on by others. */
function membersOf(text: string): Record<string, unknown> {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalidBody([{ path: [], message: 'Request body must be a JSON object' }]);
  }
  if (nestsDeeperThan(text)) {
    throw invalidBody([{ path: [], message: `Request body is nested deeper than ${JSON_DEPTH_MAX} levels` }]);
  }
  if (!PROTO_MEMBER.test(text)) return value as Record<string, unknown>;
  return JSON.parse(text, (name, member) => (name === '__proto__' ? undefined : member)) as Record<string, unknown>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidJson();
  }
}

function invalidJson(): Problem {
  return new Problem('invalidJson', { text: 'Invalid JSON in request body' });
}

function invalidBody(details: unknown): Problem {
  return new Problem('badRequest', { text: 'Invalid request body', details });
}

function readControls(members: Record<string, unknown>): ExecuteControls {
  const read = executeControlsSchema.safeParse(members);
  if (read.success) return read.data;
  throw invalidBody(read.error.issues.map(({ path, message }) => ({ path, message })));
}

function inputOf(members: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(members).filter(([name]) => !CONTROL_FIELDS.has(name)));
}

function readExecutionId(headers: IncomingHttpHeaders): string | undefined {
  const given = headers['x-execution-id'];
  if (given === undefined) return undefined;
  if (typeof given === 'string' && EXECUTION_ID_PATTERN.test(given)) return given;
  const message = 'Must be 1 to 128 characters of A-Z a-z 0-9 . _ : -';
  throw new Problem('badRequest', {
    text: 'Invalid execution ID header',
    details: [{ path: ['x-execution-id'], message }],
  });
}

/** A mode that is not known is said so, not answered in another. */
function asksForAsync(headers: IncomingHttpHeaders): boolean {
  const given = headers['x-execution-mode'];
  if (given === undefined) return false;
  const mode = String(given).toLowerCase();
  if (mode !== 'async' && mode !== 'sync') {
    throw new Problem('badRequest', {
      text: 'Invalid execution mode header',
      details: [{ path: ['x-execution-mode'], message: 'Must be async or sync' }],
    });
  }
  return mode === 'async';
}

/** It belongs to queued runs: with others it is refused, not ignored in silence. */
function readTimeoutMs(headers: IncomingHttpHeaders, isAsync: boolean): number | undefined {
  const given = headers['x-execution-timeout-seconds'];
  if (given === undefined) return undefined;
  const seconds = typeof given === 'string' && /^\d{1,6}$/.test(given) ? Number(given) : 0;
  const isValid = seconds >= 1 && seconds <= TIMEOUT_SECONDS_MAX;
  if (isValid && isAsync) return seconds * 1000;
  const message = isValid
    ? 'Supported only for async execution'
    : `Must be a whole number from 1 to ${TIMEOUT_SECONDS_MAX}`;
  throw new Problem('badRequest', {
    text: 'Invalid execution timeout header',
    details: [{ path: ['x-execution-timeout-seconds'], message }],
  });
}

/** What only a signed-in person at the editor may ask for (contract B3.1). */
function refuseSessionControls(members: Record<string, unknown>, controls: ExecuteControls): void {
  const refuse = (text: string) => {
    throw new Problem('badRequest', { text });
  };
  if (members[CLIENT_SESSION_FIELD] !== undefined && members[CLIENT_SESSION_FIELD] !== false) {
    refuse('API key callers cannot set isClientSession');
  }
  if (controls.useDraftState) refuse('API key callers cannot execute draft workflow state');
  if (isGiven(controls.workflowStateOverride)) refuse('API key callers cannot provide workflowStateOverride');
  if (isGiven(controls.runFromBlock) || isGiven(controls.inputFromExecutionId)) {
    refuse('External callers cannot resume from stored execution snapshots');
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function modeOf(
  headers: IncomingHttpHeaders,
  isAsync: boolean,
  controls: ExecuteControls | undefined,
): ExecuteRequest['mode'] {
  const stream = controls?.stream === true || String(headers['x-stream-response']).toLowerCase() === 'true';
  if (!isAsync) return stream ? 'stream' : 'sync';
  if (stream) throw new Problem('badRequest', { text: 'async and stream cannot be combined' });
  const overrides = controls && (controls.deploymentVersionId ?? controls.triggerBlockId ?? controls.stopAfterBlockId);
  if (overrides !== undefined) {
    throw new Problem('badRequest', { text: 'Async execution does not support draft or override execution controls' });
  }
  return 'async';
}

function overridesTrigger(controls: ExecuteControls): boolean {
  return controls.triggerType !== undefined && controls.triggerType !== 'api';
}
