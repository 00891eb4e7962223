import { connect } from 'node:net';
import { Problem } from '@tollgate/contracts';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { createHttpServer } from './http-server.js';
import { sendProblem, toProblem } from './problems.filter.js';
import { checkV2Body, checkV2Query } from './v2-input.js';

const bodySchema = z.strictObject({ input: z.record(z.string(), z.unknown()).optional() });
const querySchema = z.strictObject({ limit: z.string().optional() });

let server: FastifyInstance;
let url: string;
let port: number;

beforeAll(async () => {
  server = createHttpServer({
    TRUSTED_PROXIES: [],
    REQUEST_TIMEOUT_MS: 60_000,
  }).getInstance() as unknown as FastifyInstance;
  server.setErrorHandler((error, request, reply) => sendProblem(toProblem(error), request, reply));
  server.get('/api/v2/things/:id', (request) => checkV2Query(querySchema, request.query));
  server.post('/api/v2/things/:id', (request) => checkV2Body(bodySchema, request.body));
  server.post('/api/v2/small', { bodyLimit: 10 }, () => ({}));
  server.get('/api/v2/broken', () => Promise.reject(new Error('secret inside')));
  server.get('/api/v2/away', () => {
    throw new Problem('unavailable', { retryAfterSeconds: 5 });
  });
  url = await server.listen({ port: 0, host: '127.0.0.1' });
  port = Number(new URL(url).port);
});
afterAll(() => server.close());

const json = { 'content-type': 'application/json' };
async function send(method: string, path: string, init: RequestInit = {}) {
  const answer = await fetch(url + path, { ...init, method });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: text === '' ? undefined : (JSON.parse(text) as object),
  };
}
const error = (code: string, message: unknown = expect.any(String), details?: unknown) => ({
  error: { code, message, ...(details !== undefined && { details }) },
});

/** Sends bytes as they are and gives what came back. */
const sendRaw = (bytes: string) =>
  new Promise<string>((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (part) => (answer += part.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });

describe('every fault under /api/v2', () => {
  test.each<[string, string, string, RequestInit, number, object]>([
    ['an unknown path', 'GET', '/api/v2/nothing', {}, 404, error('NOT_FOUND')],
    ['the root', 'GET', '/api/v2', {}, 404, error('NOT_FOUND')],
    [
      'an unknown path with a broken body',
      'POST',
      '/api/v2/nothing',
      { body: '{', headers: json },
      404,
      error('NOT_FOUND'),
    ],
    ['another method', 'DELETE', '/api/v2/things/1', {}, 405, error('METHOD_NOT_ALLOWED', 'Method not allowed')],
    ['a method that nobody knows', 'PROPFIND', '/api/v2/things/1', {}, 405, error('METHOD_NOT_ALLOWED')],
    [
      'broken JSON',
      'POST',
      '/api/v2/things/1',
      { body: '{"a":', headers: json },
      400,
      error('BAD_REQUEST', 'Request body must be valid JSON'),
    ],
    [
      'a body that is no UTF-8',
      'POST',
      '/api/v2/things/1',
      { body: Buffer.from([0x22, 0xff, 0x22]), headers: json },
      400,
      error('BAD_REQUEST'),
    ],
    ['null as a body', 'POST', '/api/v2/things/1', { body: 'null', headers: json }, 400, error('BAD_REQUEST')],
    [
      'a list as a body',
      'POST',
      '/api/v2/things/1',
      { body: '[]', headers: json },
      400,
      error('BAD_REQUEST', expect.any(String), expect.any(Array)),
    ],
    [
      'another content type',
      'POST',
      '/api/v2/things/1',
      { body: 'a=b', headers: { 'content-type': 'text/plain' } },
      415,
      error('UNSUPPORTED_MEDIA_TYPE'),
    ],
    [
      'a body that is too large',
      'POST',
      '/api/v2/small',
      { body: '{"a":"aaaaaaaaa"}', headers: json },
      413,
      error('PAYLOAD_TOO_LARGE'),
    ],
    ['a path that cannot be decoded', 'GET', '/api/v2/%zz', {}, 400, error('BAD_REQUEST')],
    ['a parameter that is too long', 'GET', `/api/v2/things/${'x'.repeat(300)}`, {}, 404, error('NOT_FOUND')],
    ['a fault inside', 'GET', '/api/v2/broken', {}, 500, error('INTERNAL_ERROR', 'Internal server error')],
    ['a part that is away', 'GET', '/api/v2/away', {}, 503, error('SERVICE_UNAVAILABLE')],
    ['a fault under an escaped path', 'GET', '/api/%762/broken', {}, 500, error('INTERNAL_ERROR')],
  ])('%s is answered in the object envelope, kept by nobody', async (_, method, path, init, status, body) => {
    const answer = await send(method, path, init);
    expect({ status: answer.status, body: answer.body }).toEqual({ status, body });
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(answer.headers.get('x-request-id')).toMatch(/^[\w-]+$/);
    expect(answer.headers.get('retry-after')).toBe(status === 503 ? '5' : null);
    expect(answer.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD, POST' : null);
  });

  test('an answer that is no fault is kept by nobody either', async () => {
    expect((await send('GET', '/api/v2/things/1')).headers.get('cache-control')).toBe('private, no-store');
  });

  test('elsewhere the error is a text', async () => {
    const answer = await send('GET', '/api/%zz');
    expect(answer.body).toEqual({ error: expect.any(String), code: 'VALIDATION_ERROR' });
  });
});

describe('bytes that are no request', () => {
  test.each([
    ['/api/v2/things/1', 'BAD_REQUEST'],
    ['/api/things/1', 'VALIDATION_ERROR'],
  ])('to %s are answered in the shape of its generation', async (path, code) => {
    const head = `GET ${path} HTTP/1.1\r\nHost: x\r\n`;
    for (const rest of [
      `X-Long: ${'a'.repeat(70_000)}\r\n\r\n`,
      'Broken Header\r\n\r\n',
      'Content-Length: -1\r\n\r\n',
    ]) {
      const answer = await sendRaw(head + rest);
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      const body = JSON.parse(answer.split('\r\n\r\n')[1]!) as { error: { code: string }; code: string };
      expect(code === 'BAD_REQUEST' ? body.error.code : body.code).toBe(code);
    }
  });
});

describe('a v2 query', () => {
  test.each([
    ['?limit=1&limit=2', [{ code: 'custom', path: ['limit'], message: 'limit must be given once' }]],
    ['?limit=', [{ code: 'custom', path: ['limit'], message: 'limit must not be blank' }]],
    ['?limit=%20', [{ code: 'custom', path: ['limit'], message: 'limit must not be blank' }]],
    ['?limt=1', [{ code: 'unrecognized_keys', keys: ['limt'], path: [], message: 'Unrecognized key: "limt"' }]],
    ['?__proto__=1', [{ code: 'unrecognized_keys', keys: ['__proto__'], path: [], message: expect.any(String) }]],
  ])('%s is refused, naming the key and the rule', async (query, details) => {
    const { status, body } = await send('GET', `/api/v2/things/1${query}`);
    expect([status, body]).toEqual([400, error('BAD_REQUEST', details[0]!.message, details)]);
  });
});

describe('a v2 body', () => {
  test('with a key that is not known is refused, naming it', async () => {
    const { status, body } = await send('POST', '/api/v2/things/1', { body: '{"inputs":{}}', headers: json });
    const message = 'Unrecognized key: "inputs"';
    const details = [{ code: 'unrecognized_keys', keys: ['inputs'], path: [], message }];
    expect([status, body]).toEqual([400, error('BAD_REQUEST', message, details)]);
  });

  test('that is absent is an empty one', async () => {
    expect(await send('POST', '/api/v2/things/1')).toMatchObject({ status: 200, body: {} });
  });
});
