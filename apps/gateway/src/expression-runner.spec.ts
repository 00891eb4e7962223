import fc from 'fast-check';
import { loadConfig } from '@tollgate/service-kit';
import jsonata from 'jsonata';
import { callOf, ended } from '../test/expression-call.js';
import { cheapExpression } from './expression-cheap.js';
import { ExpressionRunner } from './expression-runner.js';
import { CancelSwitch } from './runs/leaver.js';
import type { RunCall } from './workflow-runner.js';

/** For what ends at the limit alone, and still enough to start a process on a busy machine. */
const HASTY_MS = '3000';

describe('the expression runner', () => {
  let runner: ExpressionRunner;
  const started: ExpressionRunner[] = [];
  /** With more time than any needs that ends by itself, on a busy machine too. */
  const start = (settings: NodeJS.ProcessEnv = {}) => {
    const one = new ExpressionRunner(loadConfig({ EXPRESSION_TIMEOUT_MS: '20000', ...settings }));
    started.push(one);
    return one;
  };
  beforeAll(() => {
    runner = start();
  });
  afterAll(() => started.forEach((one) => one.onApplicationShutdown()));

  const run = (expression: string, input?: Record<string, unknown>, more?: Partial<RunCall>) =>
    runner.run(callOf(expression, input, more));

  describe('outputs', () => {
    it.each<[string, Record<string, unknown>, unknown]>([
      ['$uppercase(message)', { message: 'hé' }, 'HÉ'],
      ['$sum(items.price)', { items: [{ price: 1.5 }, { price: 2 }] }, 3.5],
      ['missing', {}, null],
      ['$x', {}, null],
      ['{"echo": message}', { message: 'a' }, { echo: 'a' }],
      ['$base64encode(message)', { message: 'abc' }, 'YWJj'],
      ['$eval("1 + 1")', {}, 2],
      ['$type($now())', {}, 'string'],
      ['$millis() > 0', {}, true],
      ['$random() < 1', {}, true],
      ['$$ ~> | $ | {"toString": 1, "constructor": 2} |', { a: 1 }, { a: 1, toString: 1, constructor: 2 }],
      ['items[n > 1].n', { items: [{ n: 1 }, { n: 2 }, { n: 3 }] }, [2, 3]],
      ['a & "€"', { a: '😀' }, '😀€'],
    ])('%s', async (expression, input, output) => {
      const result = await run(expression, input);
      expect(result).toEqual({ status: 'completed', outputJson: expect.any(String), runnerMicros: 0 });
      expect(JSON.parse(result.outputJson)).toEqual(output);
    });

    it('the identity gives back the text of the input itself', async () => {
      const inputJson = '{ "b": 1,  "a": 1.0 }';
      expect(await run('$', { b: 1, a: 1 }, { inputJson })).toMatchObject({ outputJson: inputJson });
    });

    it('an input of 9 MiB crosses both ways', async () => {
      const text = 'x'.repeat(9 * 1024 * 1024);
      expect(await run('$contains(text, "y")', { text })).toMatchObject({ outputJson: 'false' });
      expect((await run('{"t": text & ""}', { text })).outputJson.length).toBe(text.length + 8);
    });

    it('is the same on the request thread as in a process', async () => {
      const name = fc.constantFrom('a', 'b', 'constructor', '`__proto__`', '`x y`', '_jsonata_function');
      const path = fc
        .tuple(fc.constantFrom('', '$.', '$$.'), fc.array(name, { minLength: 1, maxLength: 3 }))
        .map(([root, names]) => root + names.join('.'));
      const literal = fc.constantFrom('$', '$$', '1', '-2.5', '"s"', 'true', 'null', '[]', '{}');
      const { expression } = fc.letrec<{ expression: string }>((tie) => ({
        expression: fc.oneof(
          { maxDepth: 3, withCrossShrink: true },
          path,
          literal,
          fc.array(tie('expression'), { maxLength: 3 }).map((parts) => `[${parts.join(', ')}]`),
          fc
            .array(fc.tuple(fc.constantFrom('"k"', '"a"', '"__proto__"', '"toString"'), tie('expression')), {
              maxLength: 3,
            })
            .map((pairs) => `{${pairs.map(([key, value]) => `${key}: ${value}`).join(', ')}}`),
        ),
      }));
      const key = fc.constantFrom(
        'a',
        'b',
        'constructor',
        '__proto__',
        'x y',
        '_jsonata_function',
        'sequence',
        'length',
      );
      const { value } = fc.letrec<{ value: unknown }>((tie) => ({
        value: fc.oneof(
          { maxDepth: 4 },
          fc.constantFrom<unknown>(null, true, 0, -0, 1e300, 0.1, '', 'text'),
          fc.array(tie('value'), { maxLength: 4 }),
          fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((pairs) => Object.fromEntries(pairs)),
        ),
      }));
      const input = fc.array(fc.tuple(key, value), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs));
      let inlined = 0;
      await fc.assert(
        fc.asyncProperty(expression, input, async (text, given) => {
          const call = { ...callOf(text), inputJson: JSON.stringify(given), input: JSON.parse(JSON.stringify(given)) };
          if (cheapExpression(jsonata(text).ast())) inlined += 1;
          expect(await runner.run(call)).toEqual(await runner.runInPool(text, call));
        }),
        { numRuns: 1000 },
      );
      expect(inlined).toBeGreaterThan(500);
    });
  });

  describe('failures are results with the reason', () => {
    it.each<[string, RegExp]>([
      ['1 + "a"', /^The right side of the "\+" operator must evaluate to a number \(T2002 at position 3\)$/],
      ['$error("out of stock")', /^out of stock$/],
      ['$nothing()', /^Attempted to invoke a non-function \(T1006 at position 9\)$/],
      ['a[', /\(S\d{4} at position 2\)$/],
      ['{"k": 1, "k": 2}', /same key: "k" \(D1009/],
      ['$sum', /^Expression output contains a function$/],
      ['{"f": function($x) { $x }}', /^Expression output contains a function$/],
      ['$map([1..700000], function($i) { "0123456789abcdef" }) ~> $join', /10 MiB|memory/],
      [`${'('.repeat(8000)}1${')'.repeat(8000)}`, /call stack/],
    ])('%.50s', async (expression, message) => {
      const result = await run(expression);
      expect(result).toMatchObject({ status: 'failed', outputJson: 'null', runnerMicros: 0 });
      expect(result.error).toEqual({ code: 'EXECUTION_FAILED', message: expect.stringMatching(message) });
    });

    it('an output of more than 10 MiB', async () => {
      const text = 'x'.repeat(6 * 1024 * 1024);
      expect(ended(await run('[text, text & ""]', { text }))).toBe('Expression output is larger than 10 MiB');
    });

    it.each([
      '( $f := function(){ $f() }; $f() )',
      '$match("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", /^(a+)+$/)',
    ])('an endless one is ended at the limit: %s', async (expression) => {
      const hasty = start({ EXPRESSION_TIMEOUT_MS: HASTY_MS });
      const result = await hasty.run(callOf(expression));
      expect(result.error).toEqual({ code: 'TIMEOUT', message: 'Expression timed out after 3 seconds' });
      expect(await hasty.run(callOf('1 + 1'))).toMatchObject({ outputJson: '2' });
      hasty.onApplicationShutdown();
    });

    // Any of these takes the whole process down when it runs on a thread of it, whatever limits the thread has.
    it.each([
      '$sum([1..9999999])',
      '[1..9999999]',
      '$reverse([1..9000000])',
      '$uppercase($pad("x", 500000000))',
      '( $s := function($t, $n) { $n = 0 ? $t : $s($t & $t, $n - 1) }; $uppercase($s("aaaaaaaa", 25)) )',
      '$split($pad("x", 100000000), "")',
      '( $f := function($x) { 1 + $f($x) }; $f(1) )',
      '( $b := $base64encode($uppercase($pad("x", 9000000))); $map([1..200], function($i) { $base64decode($b) }) )',
    ])('one that takes too much memory is ended: %s', async (expression) => {
      const result = await run(expression);
      expect(result.error).toEqual({
        code: 'EXECUTION_FAILED',
        message: 'Expression exceeded its memory limit of 64 MB',
      });
      expect(await run('1 + 1')).toMatchObject({ outputJson: '2' });
    });

    it('a plan that allows less than the expression limit is kept', async () => {
      const result = await run('( $f := function(){ $f() }; $f() )', {}, { timeoutMs: 250 });
      expect(result.error).toEqual({ code: 'TIMEOUT', message: 'Expression timed out after 0.25 seconds' });
    });

    it('a client that is gone cancels its run, running or waiting, and nobody else', async () => {
      const single = start({ EXPRESSION_WORKERS: '1', EXPRESSION_TIMEOUT_MS: HASTY_MS });
      const gone = new CancelSwitch();
      const running = single.run(callOf('( $f := function(){ $f() }; $f() )', {}, { ending: gone }));
      const waiting = single.run(callOf('1 + 1', {}, { ending: gone }));
      const other = single.run(callOf('2 + 2'));
      gone.cancel();
      const cancelled = { status: 'cancelled', error: { code: 'CANCELLED' }, outputJson: 'null' };
      expect(await Promise.all([running, waiting])).toMatchObject([cancelled, cancelled]);
      expect(await single.run(callOf('1 + 1', {}, { ending: gone }))).toMatchObject(cancelled);
      expect(await other).toMatchObject({ outputJson: '4' });
    });
  });

  describe('neighbours', () => {
    it('runs beside endless and greedy ones all complete', async () => {
      const hasty = start({ EXPRESSION_TIMEOUT_MS: HASTY_MS });
      const bad = ['( $f := function(){ $f() }; $f() )', '$sum([1..9999999])', '$uppercase($pad("x", 500000000))'];
      const results = await Promise.all(
        Array.from({ length: 120 }, async (_, n) => {
          const evil = n % 20 === 0;
          const call = evil ? callOf(bad[(n / 20) % 3]!) : callOf('$string(n) & "!"', { n });
          return { n, evil, result: await hasty.run({ ...call, workflowId: evil ? 'evil' : `good ${n % 7}` }) };
        }),
      );
      for (const { n, evil, result } of results) {
        if (evil) expect(result.status).toBe('failed');
        else expect(ended(result)).toBe(`${n}!`);
      }
    });

    it('endless runs of one workflow do not keep the other workflows waiting', async () => {
      const shared = start({ EXPRESSION_TIMEOUT_MS: '10000', EXPRESSION_WORKERS: '2' });
      const endless = Array.from({ length: 10 }, () =>
        shared.run({ ...callOf('( $f := function(){ $f() }; $f() )'), workflowId: 'evil' }),
      );
      const from = performance.now();
      for (let n = 0; n < 20; n += 1) {
        expect(ended(await shared.run(callOf('$string(n)', { n })))).toBe(String(n));
      }
      expect(performance.now() - from).toBeLessThan(5000);
      shared.onApplicationShutdown();
      for (const result of await Promise.all(endless)) {
        expect(result.error?.message).toBe('The gateway is shutting down');
      }
    });

    it('a full queue refuses with the reason', async () => {
      const single = start({ EXPRESSION_WORKERS: '1' });
      const results = Promise.all(Array.from({ length: 1200 }, () => single.run(callOf('1 + 1'))));
      const messages = (await results).map(ended);
      expect(messages.filter((message) => message === 2)).toHaveLength(1001);
      expect(messages.filter((message) => message === 'Too many expressions are waiting to be evaluated')).toHaveLength(
        199,
      );
    });

    it('after shutdown every run fails', async () => {
      const closed = start();
      closed.onApplicationShutdown();
      expect(ended(await closed.run(callOf('1 + 1')))).toBe('The gateway is shutting down');
    });
  });

  it('a deployment of another kind fails', async () => {
    const call = callOf('$');
    call.deployment.runner = { kind: 'http', url: 'http://example.com' };
    expect(ended(await runner.run(call))).toBe('This workflow is not an expression');
  });
});
