import { reportedCost, resultOf } from './http-answer.js';

const answer = (body: string | Buffer, type?: string, more: object = {}, status = 200) => ({
  status,
  headers: { ...(type !== undefined && { 'content-type': type }), ...more },
  body: Buffer.from(body as string),
});

describe('what an answer makes of a run', () => {
  it.each([
    ['{"a": 1.0}', 'application/json', '{"a": 1.0}'],
    ['[1,2]', 'application/json; charset=utf-8', '[1,2]'],
    ['"é"', 'application/problem+json', '"é"'],
    ['1', 'TEXT/JSON', '1'],
    ['\ufeff{"a":1}', 'application/json', '{"a":1}'],
    ['{"a":1}', 'application/json; charset=utf-16', '{"a":1}'],
    ['', 'application/json', 'null'],
    [' \n', 'application/json', 'null'],
    ['', undefined, 'null'],
    ['{"a":1}', undefined, '"{\\"a\\":1}"'],
    ['<p>"hi"</p>', 'text/html', '"<p>\\"hi\\"</p>"'],
    ['plain', 'text/plain; charset=nonsense', '"plain"'],
    [Buffer.from([0xe9]), 'text/plain; charset=iso-8859-1', '"é"'],
    [Buffer.from([0xff, 0xfe]), 'application/octet-stream', '"\ufffd\ufffd"'],
    ['x', 'application/jsonp', '"x"'],
  ])('%s as %s', (body, type, outputJson) => {
    expect(resultOf(answer(body, type))).toEqual({ status: 'completed', outputJson, runnerMicros: 0 });
  });

  it.each(['{"a":', 'nope', "{'a':1}", '{"a":1}{"b":2}', '<html>', 'NaN'])('%s as JSON is broken', (body) => {
    expect(resultOf(answer(body, 'application/json'))).toMatchObject({
      status: 'failed',
      outputJson: 'null',
      error: { code: 'EXECUTION_FAILED', message: 'Upstream answered with broken JSON' },
    });
  });

  it('a status that is not 2xx fails the run; good JSON is its output', () => {
    const failed = { status: 'failed', error: { code: 'EXECUTION_FAILED', message: 'Upstream answered 500' } };
    expect(resultOf(answer('{"e":1}', 'application/json', {}, 500))).toMatchObject({
      ...failed,
      outputJson: '{"e":1}',
    });
    expect(resultOf(answer('{"e":', 'application/json', {}, 500))).toMatchObject({ ...failed, outputJson: 'null' });
    expect(resultOf(answer('<html>', 'text/html', {}, 500))).toMatchObject({ ...failed, outputJson: 'null' });
    expect(resultOf(answer('', undefined, {}, 302)).error?.message).toBe('Upstream answered 302');
  });

  it('an encoded body, which nobody asked for, fails the run', () => {
    const result = resultOf(answer('x', 'text/plain', { 'content-encoding': 'gzip' }));
    expect(result.error?.message).toBe('Upstream answered with an encoded body');
    expect(resultOf(answer('x', 'text/plain', { 'content-encoding': 'Identity' })).status).toBe('completed');
  });

  it('text that grows over the limit as a JSON string fails the run', () => {
    const result = resultOf(answer('\u0001'.repeat(2 * 1024 * 1024), 'text/plain'));
    expect(result.error?.message).toBe('Upstream answered with more than 10 MiB');
  });

  it.each<[string | string[] | undefined, number | undefined]>([
    ['0.0123', 12_300],
    ['0', 0],
    ['1000', 1_000_000_000],
    ['1000.000001', undefined],
    ['0.0000001', undefined],
    ['-1', undefined],
    ['1e3', undefined],
    ['NaN', undefined],
    ['', undefined],
    ['$1', undefined],
    [['1', '2'], undefined],
    ['1, 2', undefined],
    [undefined, undefined],
  ])('a reported cost of %s is %s', (value, micros) => {
    const given = answer('', undefined, value === undefined ? {} : { 'x-tollgate-cost-usd': value });
    expect(reportedCost(given)).toBe(micros);
    expect(resultOf(given).runnerMicros).toBe(micros ?? 0);
  });

  it('a failed run costs what was reported, too', () => {
    const result = resultOf(answer('', undefined, { 'x-tollgate-cost-usd': '0.5' }, 503));
    expect(result).toMatchObject({ status: 'failed', runnerMicros: 500_000 });
  });
});
