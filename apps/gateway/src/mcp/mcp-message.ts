import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  type CallToolResult,
  ErrorCode,
  InitializeRequestSchema,
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  JSONRPCMessageSchema,
  type ListToolsResult,
  ListToolsRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { invalidParams, invalidRequest, McpFault } from './mcp-fault.js';

export const MCP_SERVER_VERSION = '1.0.0';

/** What a server is to one caller. Both may throw an `McpFault`. */
export interface McpTools {
  name: string;
  list(cursor: string | undefined): Promise<ListToolsResult>;
  call(tool: string, input: Record<string, unknown>): Promise<CallToolResult>;
}

export interface McpAnswer {
  /** Undefined for notifications: nothing is answered to them. */
  response: JSONRPCMessage | undefined;
  /** Of the answer, when the message stands alone. */
  httpStatus: number;
  headers: Record<string, string>;
}

const PARAMS = {
  initialize: InitializeRequestSchema,
  'tools/list': ListToolsRequestSchema,
  'tools/call': CallToolRequestSchema,
};

/**
 * Answers one JSON-RPC message. The SDK's server side speaks the protocol: versions, capabilities, `ping`, unknown
 * methods. Each message has a server of its own, since nothing is kept between two requests: any gateway answers any.
 * Rejects with what is not an `McpFault`: for a client that is a 503 or a 500.
 */
export async function answerMessage(given: unknown, tools: McpTools): Promise<McpAnswer> {
  const parsed = JSONRPCMessageSchema.safeParse(given);
  if (!parsed.success) return faultAnswer(idOf(given), invalidRequest('Invalid Request: not a JSON-RPC 2.0 message'));
  const message = parsed.data;
  if (!isJSONRPCRequest(message)) return { response: undefined, httpStatus: 202, headers: {} };
  const wrong = paramsFault(message);
  return wrong ? faultAnswer(message.id, wrong) : answerRequest(message, tools);
}

/** The answer that is a fault; `id` null where the message's own could not be read. */
export function faultAnswer(id: string | number | null, fault: McpFault): McpAnswer {
  const { code, message, data, httpStatus, headers } = fault;
  const error = { code, message, ...(data && { data }) };
  return { response: { jsonrpc: '2.0', id, error } as unknown as JSONRPCMessage, httpStatus, headers };
}

async function answerRequest(request: JSONRPCRequest, tools: McpTools): Promise<McpAnswer> {
  let thrown: unknown;
  const noted = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      thrown = error;
      throw error;
    }
  };
  const server = new Server({ name: tools.name, version: MCP_SERVER_VERSION }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, ({ params }) => noted(tools.list(params?.cursor)));
  server.setRequestHandler(CallToolRequestSchema, ({ params }) =>
    noted(tools.call(params.name, params.arguments ?? {})),
  );
  const transport = new OneRequest();
  await server.connect(transport);
  const response = await transport.answer(request);
  await server.close();
  if (thrown instanceof McpFault) return faultAnswer(request.id, thrown);
  if (thrown !== undefined) throw thrown;
  return { response, httpStatus: statusOf(response), headers: {} };
}

function statusOf(response: JSONRPCMessage): number {
  if (!isJSONRPCErrorResponse(response)) return 200;
  return response.error.code === ErrorCode.MethodNotFound ? 404 : 400;
}

/** What the SDK would call an internal error. */
function paramsFault(message: JSONRPCRequest): McpFault | undefined {
  const schema = PARAMS[message.method as keyof typeof PARAMS];
  const issue = schema?.safeParse(message).error?.issues[0];
  return issue && invalidParams(`Invalid params: ${issue.path.join('.')}: ${issue.message}`);
}

function idOf(message: unknown): string | number | null {
  const id = (message as { id?: unknown } | null)?.id;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

/** Hands one request to the server and waits for its response. */
class OneRequest implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: () => void;
  onerror?: (error: Error) => void;
  private answered: (response: JSONRPCMessage) => void = () => undefined;

  answer(request: JSONRPCRequest): Promise<JSONRPCMessage> {
    return new Promise((resolve) => {
      this.answered = resolve;
      this.onmessage?.(request);
    });
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  /** Notifications of the server are lost: there is no stream to send them on. */
  send(message: JSONRPCMessage): Promise<void> {
    if (isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message)) this.answered(message);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.onclose?.();
    return Promise.resolve();
  }
}
