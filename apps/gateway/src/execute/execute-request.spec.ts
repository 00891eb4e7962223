import { EXECUTE_CONTROL_FIELDS, Problem } from '@tollgate/contracts';
import fc from 'fast-check';
import { readExecuteRequest, refuseLongCallChain } from './execute-request.js';

const read = (body: string | Buffer | undefined, headers: Record<string, string> = {}) =>
  readExecuteRequest(headers, typeof body === 'string' ? Buffer.from(body) : body);

function refusalOf(work: () => unknown): { status: number; code: string; error: string; details: unknown } {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return { status: error.status, code: error.code, error: error.message, details: error.options.details };
  }
  throw new Error('it was not refused');
}

const badRequest = (error: string) => ({ status: 400, code: 'VALIDATION_ERROR', error });

describe('reading an execute call', () => {
  test.each([
    ['the seed page’s', '{"inputs":{}}', { inputs: {} }],
    ['an SDK’s', '{"message":"x","n":[1,{"a":null}]}', { message: 'x', n: [1, { a: null }] }],
    ['one named input', '{"input":{"a":1}}', { input: { a: 1 } }],
    ['an empty object', '{}', {}],
    ['one with blanks around', ' \n{"a" : 1}\n', { a: 1 }],
    ['one behind a byte order mark', '\ufeff{"a":1}', { a: 1 }],
  ])('a body without control fields is the input: %s', (_what, body, input) => {
    const request = read(body);
    expect(request).toMatchObject({ input, executionId: undefined, overridesTrigger: false });
    expect(JSON.parse(request.inputJson)).toEqual(input);
  });

  test('the text of such a body is passed on as it came, without being written anew', () => {
    expect(read('{"b" :1,"a":1e2}').inputJson).toBe('{"b" :1,"a":1e2}');
  });

  test.each([[undefined], [Buffer.alloc(0)]])('no body counts as an empty object', (body) => {
    expect(read(body)).toMatchObject({ input: {}, inputJson: '{}' });
  });

  test.each(EXECUTE_CONTROL_FIELDS)('the control field %s is no part of the input', (name) => {
    const harmless: Record<string, unknown> = {
      selectedOutputs: ['a.b'],
      triggerType: 'api',
      stream: false,
      useDraftState: false,
      includeFileBase64: true,
      base64MaxBytes: 10,
      workflowStateOverride: null,
      runFromBlock: null,
    };
    const resumes = name === 'inputFromExecutionId';
    const call = () => read(JSON.stringify({ [name]: name in harmless ? harmless[name] : 'x', message: 'y' }));
    if (resumes) {
      expect(refusalOf(call).error).toBe('External callers cannot resume from stored execution snapshots');
    } else {
      expect(call()).toMatchObject({ input: { message: 'y' }, inputJson: '{"message":"y"}' });
    }
  });

  test('control fields further inside are input', () => {
    expect(read('{"a":{"stream":true}}').input).toEqual({ a: { stream: true } });
  });

  test.each([['not json'], ['{"a":}'], ['{"a":1'], ['\u0000'], ['undefined'], [' ']])(
    'what is no JSON is refused: %j',
    (body) => {
      const refusal = { status: 400, code: 'INVALID_JSON', error: 'Invalid JSON in request body' };
      expect(refusalOf(() => read(body))).toMatchObject(refusal);
    },
  );

  test('what is no UTF-8 is no JSON', () => {
    expect(refusalOf(() => read(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))).code).toBe('INVALID_JSON');
  });

  test.each([['null'], ['[]'], ['"text"'], ['3'], ['true']])('what is no object is refused: %s', (body) => {
    expect(refusalOf(() => read(body))).toMatchObject({
      ...badRequest('Invalid request body'),
      details: [{ path: [], message: 'Request body must be a JSON object' }],
    });
  });

  test.each([
    ['stream', '"yes"'],
    ['selectedOutputs', '"a"'],
    ['triggerType', '7'],
    ['useDraftState', '"true"'],
    ['base64MaxBytes', '-1'],
  ])('a control field of the wrong type is refused by name: %s', (name, value) => {
    const { details, ...refusal } = refusalOf(() => read(`{"${name}":${value}}`));
    expect(refusal).toMatchObject(badRequest('Invalid request body'));
    expect(details).toMatchObject([{ path: [name] }]);
  });

  test('a body that nests without end is refused before anybody walks it', () => {
    const deep = `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(refusalOf(() => read(deep))).toMatchObject(badRequest('Invalid request body'));
    const withProto = `{"__proto__":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect(refusalOf(() => read(withProto))).toMatchObject(badRequest('Invalid request body'));
  });

  test('__proto__ members are dropped at every depth, however they are written', () => {
    const request = read('{"__proto__":{"admin":true},"a":{"\\u005f_proto__":1,"b":2}}');
    expect(request.inputJson).toBe('{"a":{"b":2}}');
    expect((request.input as { admin?: boolean }).admin).toBeUndefined();
  });

  test.each([['a'], ['A.b_c:d-9'], ['x'.repeat(128)]])('an execution id of the allowed form is taken: %s', (id) => {
    expect(read('{}', { 'x-execution-id': id }).executionId).toBe(id);
  });

  test.each([[''], ['x'.repeat(129)], ['a b'], ['a/b'], ['ü'], ['a, b'], ['"']])('any other is refused: %j', (id) => {
    expect(refusalOf(() => read('{}', { 'x-execution-id': id }))).toMatchObject({
      ...badRequest('Invalid execution ID header'),
      details: [{ path: ['x-execution-id'] }],
    });
  });

  test.each([['0'], ['abc'], ['1.5'], ['604801'], ['-1'], ['60']])(
    'a time limit, which is async only: %s',
    (seconds) => {
      expect(refusalOf(() => read('{}', { 'x-execution-timeout-seconds': seconds }))).toMatchObject(
        badRequest('Invalid execution timeout header'),
      );
    },
  );

  test.each([
    ['{"isClientSession":true}', 'API key callers cannot set isClientSession'],
    ['{"useDraftState":true}', 'API key callers cannot execute draft workflow state'],
    ['{"workflowStateOverride":{}}', 'API key callers cannot provide workflowStateOverride'],
    ['{"runFromBlock":{"startBlockId":"x"}}', 'External callers cannot resume from stored execution snapshots'],
    ['{"inputFromExecutionId":"x"}', 'External callers cannot resume from stored execution snapshots'],
  ])('what only the editor may ask for is refused: %s', (body, text) => {
    expect(refusalOf(() => read(body))).toMatchObject(badRequest(text));
  });

  test.each([
    [{ 'x-execution-mode': 'later' }, '{}', 'Invalid execution mode header'],
    [{ 'x-execution-mode': 'async' }, '{"stream":true}', 'async and stream cannot be combined'],
    [{ 'x-execution-mode': 'async', 'x-stream-response': 'true' }, '{}', 'async and stream cannot be combined'],
    [
      { 'x-execution-mode': 'async' },
      '{"deploymentVersionId":"v1"}',
      'Async execution does not support draft or override execution controls',
    ],
  ])('modes that are not known or do not go together are refused: %j %s', (headers, body, text) => {
    expect(refusalOf(() => read(body, headers as Record<string, string>))).toMatchObject(badRequest(text));
  });

  test.each([
    [{}, '{}', 'sync'],
    [{ 'x-execution-mode': 'sync' }, '{}', 'sync'],
    [{ 'x-execution-mode': 'Async' }, '{"stream":false}', 'async'],
    [{ 'x-stream-response': 'true' }, '{}', 'stream'],
    [{ 'x-stream-response': 'false' }, '{}', 'sync'],
    [{}, '{"stream":true}', 'stream'],
  ])('the mode is read from headers and body: %j %s', (headers, body, mode) => {
    expect(read(body, headers as Record<string, string>).mode).toBe(mode);
  });

  test('a queued run may name its time limit', () => {
    const headers = { 'x-execution-mode': 'async', 'x-execution-timeout-seconds': '90' };
    expect(read('{}', headers).timeoutMs).toBe(90_000);
    expect(refusalOf(() => read('{}', { ...headers, 'x-execution-timeout-seconds': '0' }))).toMatchObject({
      ...badRequest('Invalid execution timeout header'),
      details: [{ path: ['x-execution-timeout-seconds'], message: 'Must be a whole number from 1 to 604800' }],
    });
  });

  test.each([
    ['{"triggerType":"api"}', false],
    ['{"triggerType":"manual"}', true],
    ['{"triggerType":""}', true],
  ])('a trigger other than api is noted, and judged when the caller is known: %s', (body, overrides) => {
    expect(read(body).overridesTrigger).toBe(overrides);
  });

  test('checks come in the contract’s order: body, execution id, time limit, session controls, modes', () => {
    const headers = { 'x-execution-id': '?', 'x-execution-timeout-seconds': '?', 'x-execution-mode': 'async' };
    const error = (body: string, of: Record<string, string>) => refusalOf(() => read(body, of)).error;
    expect(error('{"stream":7}', headers)).toBe('Invalid request body');
    expect(error('{"useDraftState":true}', headers)).toBe('Invalid execution ID header');
    expect(error('{"useDraftState":true}', { ...headers, 'x-execution-id': 'a' })).toBe(
      'Invalid execution timeout header',
    );
    expect(error('{"useDraftState":true}', { 'x-execution-mode': 'async' })).toBe(
      'API key callers cannot execute draft workflow state',
    );
  });

  test('any JSON object without control fields comes through as it is', () => {
    const anyObject = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(anyObject, (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/__proto__|\\u005f/i.test(text));
        const steers = Object.keys(value).some((name) => [...EXECUTE_CONTROL_FIELDS, 'isClientSession'].includes(name));
        fc.pre(!steers);
        expect(read(text)).toMatchObject({ inputJson: text });
        expect(JSON.stringify(read(text).input)).toBe(text);
      }),
    );
  });
});

describe('a call chain', () => {
  const chain = (length: number) => ({ 'x-sim-via': Array.from({ length }, (_, nth) => `wf${nth}`).join(',') });

  test('of ten workflows is let through, and so is none', () => {
    expect(() => refuseLongCallChain(chain(10))).not.toThrow();
    expect(() => refuseLongCallChain({})).not.toThrow();
    expect(() => refuseLongCallChain({ 'x-sim-via': '' })).not.toThrow();
  });

  test.each([[11], [5_000]])('of %d is refused: a workflow that calls itself must end', (length) => {
    expect(refusalOf(() => refuseLongCallChain(chain(length)))).toMatchObject({
      status: 409,
      error: 'Workflow call chain is too deep: at most 10 calls',
    });
  });
});
