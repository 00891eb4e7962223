import { ErrorCode } from '@modelcontextprotocol/sdk/types.js';
import { Problem } from '@tollgate/contracts';
import type { RunRefusal } from '../runs/run-refusal.js';
import { refusalProblem } from '../execute/execute-answers.js';

/** JSON-RPC's code for what a server refuses for reasons of its own. */
const SERVER_ERROR = -32000;
/** What may go well when it is tried again later. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 429, 503]);

/** A message that is answered by a JSON-RPC error, with the HTTP status that contract B7 gives it when it stands alone. */
export class McpFault extends Error {
  constructor(
    readonly code: number,
    message: string,
    readonly httpStatus: number,
    readonly data?: Record<string, unknown>,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
    this.name = 'McpFault';
  }
}

export function parseFault(): McpFault {
  return new McpFault(ErrorCode.ParseError, 'Parse error', 400);
}

export function invalidRequest(message: string): McpFault {
  return new McpFault(ErrorCode.InvalidRequest, message, 400);
}

export function invalidParams(message: string): McpFault {
  return new McpFault(ErrorCode.InvalidParams, message, 400);
}

export function toolNotFound(name: string): McpFault {
  return new McpFault(ErrorCode.InvalidParams, `Tool not found: ${name}`, 404);
}

/** A run that may not start, in the words of MCP (contract B7). */
export function refusalFault(refusal: RunRefusal, tool: string): McpFault {
  if (refusal.kind === 'workflowUnknown') return toolNotFound(tool);
  const problem = refusalProblem(refusal);
  if (refusal.kind === 'notDeployed') return new McpFault(ErrorCode.InternalError, problem.message, 400);
  return problemFault(problem);
}

/** Any other refusal or fault of the platform: its status, whether to try again, and its code. */
export function problemFault(problem: Problem): McpFault {
  const { status, code, message, options } = problem;
  const headers = { ...options.headers };
  if (options.retryAfterSeconds !== undefined) headers['Retry-After'] = String(options.retryAfterSeconds);
  const data = { httpStatus: status, retryable: RETRYABLE_STATUSES.has(status), code };
  return new McpFault(status === 500 ? ErrorCode.InternalError : SERVER_ERROR, message, status, data, headers);
}
