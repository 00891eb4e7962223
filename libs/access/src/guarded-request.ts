import type { ExecutionContext } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from './key-authenticator.js';
import type { SignedIn } from './sessions.js';

/** What the guards read of a Fastify request, and what they leave on it for the parameter decorators. */
export interface GuardedRequest {
  method: string;
  /** Path and query as they came. */
  url: string;
  headers: IncomingHttpHeaders;
  /** The client's address, as far as proxies are trusted. */
  ip: string;
  caller?: Caller;
  signedIn?: SignedIn;
}

/** What the guards use of a Fastify reply. */
export interface GuardedReply {
  header(name: string, value: string): unknown;
}

export function requestOf(context: ExecutionContext): GuardedRequest {
  return context.switchToHttp().getRequest<GuardedRequest>();
}

export function replyOf(context: ExecutionContext): GuardedReply {
  return context.switchToHttp().getResponse<GuardedReply>();
}
