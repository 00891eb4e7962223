import { isV2Path, Problem, problemBody } from '@tollgate/contracts';
import { nanoid } from 'nanoid';
import type { Socket } from 'node:net';

/** What Node's HTTP server says of bytes that it could not read as a request. */
interface ReadFault extends Error {
  code?: string;
  rawPacket?: Buffer;
}

/** Longest part of a broken request in which its path is looked for. */
const REQUEST_LINE_BYTES_MAX = 8_192;

/**
 * Answers what is no readable request (broken framing, headers beyond the limit, a client that stalls) in the contract's
 * shape too, v2's when the path can still be told, and closes the connection: what comes after it has no known begin.
 */
export function answerUnreadable(error: ReadFault, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = new Problem(error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'timeout' : 'badRequest', {
    text: textOf(error),
  });
  const v2 = isV2Path(pathOf(error.rawPacket));
  const body = JSON.stringify(problemBody(problem, v2));
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.status === 408 ? 'Request Timeout' : 'Bad Request'}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${nanoid()}`,
    ...(v2 ? ['Cache-Control: private, no-store'] : []),
    'Connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function textOf({ code }: ReadFault): string {
  if (code === 'HPE_HEADER_OVERFLOW') return 'Request headers are too large';
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'Request timed out' : 'Request is not valid HTTP';
}

function pathOf(raw: Buffer | undefined): string {
  const head = raw?.subarray(0, REQUEST_LINE_BYTES_MAX).toString('latin1') ?? '';
  return /^[A-Z]+ (\/\S*)/.exec(head)?.[1] ?? '';
}
