import { isUtf8 } from 'node:buffer';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Directory, rateHeaders } from '@tollgate/access';
import { faultOf, Log, parseJson, toProblem } from '@tollgate/service-kit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { JSON_DEPTH_MAX, nestsDeeperThan } from '../execute/json-text.js';
import { takeRawJson } from '../runs/raw-json.js';
import { clientOf } from '../runs/run-client.js';
import { CallTool } from './call-tool.js';
import { McpDoor, type McpEntrance } from './mcp-door.js';
import { invalidRequest, McpFault, parseFault, problemFault } from './mcp-fault.js';
import { answerMessage, faultAnswer, MCP_SERVER_VERSION, type McpAnswer, type McpTools } from './mcp-message.js';
import { offeredWorkflows, toolsPage } from './mcp-tools.js';

export const MCP_SERVE_PATH = '/api/mcp/serve/:serverId';
/** Most messages of one batch; each may be a run. */
export const MCP_BATCH_MAX = 50;
/** The version that the card of a server names (contract B7); `initialize` negotiates its own. */
const CARD_PROTOCOL_VERSION = '2024-11-05';

interface Served {
  Params: { serverId: string };
  Body: Buffer | undefined;
}
type Entered = Extract<McpEntrance, { server: unknown }>;

declare module 'fastify' {
  interface FastifyRequest {
    mcpEntrance: Entered | null;
  }
}

/**
 * `/api/mcp/serve/{serverId}` (contract B7): Streamable HTTP that answers plain JSON and keeps no session. A Fastify scope
 * of its own, since its faults are JSON-RPC. The server and the key are judged before the body is read.
 */
@Injectable()
export class McpServeRoute implements OnModuleInit {
  constructor(
    private readonly adapter: HttpAdapterHost,
    private readonly door: McpDoor,
    private readonly directory: Directory,
    private readonly callTool: CallTool,
    private readonly log: Log,
  ) {}

  onModuleInit(): void {
    const fastify = this.adapter.httpAdapter.getInstance<FastifyInstance>();
    fastify.decorateRequest('mcpEntrance', null);
    void fastify.register((scope, _options, done) => {
      takeRawJson(scope);
      const hooks = { onRequest: this.judge, errorHandler: this.fail };
      scope.post<Served>(MCP_SERVE_PATH, { ...hooks, handler: (request, reply) => this.answer(request, reply) });
      scope.get<Served>(MCP_SERVE_PATH, { ...hooks, handler: (request, reply) => this.introduce(request, reply) });
      scope.delete<Served>(MCP_SERVE_PATH, { ...hooks, handler: (_request, reply) => reply.status(204).send() });
      done();
    });
  }

  private readonly judge = async (request: FastifyRequest<Served>, reply: FastifyReply): Promise<unknown> => {
    const entrance = await this.door.enter(request);
    if (!('server' in entrance)) return reply.status(entrance.status).send(entrance.body);
    request.mcpEntrance = entrance;
    return undefined;
  };

  /** There is no stream to listen to, which MCP clients are told by exactly this 405; others get the server's card. */
  private introduce(request: FastifyRequest<Served>, reply: FastifyReply): unknown {
    if (request.headers.accept?.includes('text/event-stream')) {
      const error = { code: 'unsupported_transport', message: 'Server-sent events are not supported: use POST' };
      return reply.status(405).header('allow', 'GET, POST, DELETE').send({ error });
    }
    const { server } = entered(request);
    return reply.send({
      name: server.name,
      version: MCP_SERVER_VERSION,
      protocolVersion: CARD_PROTOCOL_VERSION,
      capabilities: { tools: {} },
    });
  }

  private async answer(request: FastifyRequest<Served>, reply: FastifyReply): Promise<unknown> {
    const tools = this.toolsFor(request, reply);
    const given = readMessages(request.body);
    if (!Array.isArray(given)) return send(reply, await this.answerOne(given, tools, request));
    // Each run of the batch watches whether the client is still there.
    reply.raw.setMaxListeners(MCP_BATCH_MAX * 2);
    const answers = await Promise.all(given.map((message) => this.answerOne(message, tools, request)));
    const responses = answers.flatMap(({ response }) => (response ? [response] : []));
    if (responses.length === 0) return reply.status(202).send();
    return reply.status(200).send(responses);
  }

  private async answerOne(given: unknown, tools: McpTools, request: FastifyRequest): Promise<McpAnswer> {
    try {
      return await answerMessage(given, tools);
    } catch (error) {
      const id = (given as { id: string | number }).id;
      return faultAnswer(id, this.faultFor(error, request));
    }
  }

  private toolsFor(request: FastifyRequest<Served>, reply: FastifyReply): McpTools {
    const { server, caller } = entered(request);
    const client = clientOf(request);
    return {
      name: server.name,
      list: async (cursor) => toolsPage(await offeredWorkflows(this.directory, server), cursor),
      call: async (tool, input) => {
        const { result, rate } = await this.callTool.call({ server, caller, tool, input, client }, reply.raw);
        if (rate) void reply.headers(rateHeaders(rate, MCP_SERVE_PATH));
        return result;
      },
    };
  }

  private readonly fail = (error: unknown, request: FastifyRequest, reply: FastifyReply): unknown =>
    send(reply, faultAnswer(null, this.faultFor(error, request)));

  /** What may be told of an error; what must not is in the log. */
  private faultFor(error: unknown, request: FastifyRequest): McpFault {
    if (error instanceof McpFault) return error;
    const problem = toProblem(error);
    if (problem.status >= 500) {
      const fault = faultOf(problem.options.cause ?? error);
      this.log.error('an MCP request failed', { requestId: request.id, status: problem.status, fault });
    }
    return problemFault(problem);
  }
}

function entered(request: FastifyRequest): Entered {
  if (!request.mcpEntrance) throw new Error('an MCP request was not judged');
  return request.mcpEntrance;
}

function send(reply: FastifyReply, { response, httpStatus, headers }: McpAnswer): FastifyReply {
  return reply.status(httpStatus).headers(headers).send(response);
}

/** The message, or the messages of a batch. Throws the fault of a body that is neither. */
function readMessages(body: Buffer | undefined): unknown {
  if (!body || body.length === 0 || !isUtf8(body)) throw parseFault();
  const given = parsed(body);
  if (nestsDeeperThan(body.toString('utf8'))) {
    throw invalidRequest(`Invalid Request: nested deeper than ${JSON_DEPTH_MAX} levels`);
  }
  if (!Array.isArray(given)) return given;
  if (given.length === 0) throw invalidRequest('Invalid Request: an empty batch');
  if (given.length > MCP_BATCH_MAX) {
    throw invalidRequest(`Invalid Request: at most ${MCP_BATCH_MAX} messages in a batch`);
  }
  if (
    given.length > 1 &&
    given.some((message: unknown) => (message as { method?: unknown })?.method === 'initialize')
  ) {
    throw invalidRequest('Invalid Request: initialize cannot be part of a batch');
  }
  return given;
}

function parsed(body: Buffer): unknown {
  try {
    return parseJson(body);
  } catch {
    throw parseFault();
  }
}
