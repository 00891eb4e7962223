import fc from 'fast-check';
import jsonata from 'jsonata';
import { cheapExpression, mayRunInline } from './expression-cheap.js';

const cheap = (text: string) => cheapExpression(jsonata(text).ast());

describe('which expressions may be evaluated on the request thread', () => {
  it.each(['$', '$$', '1', '"x"', 'true', 'null', '-5', 'a', 'a.b.c', '$.a', '$$.a.b', '`a b`.c', 'a."b"'])(
    '%s is cheap',
    (text) => expect(cheap(text)).toBeDefined(),
  );
  it.each(['[]', '{}', '[a, b.c, $]', '{"a": b, "c": {"d": [1, $$.e]}}'])('%s is cheap', (text) =>
    expect(cheap(text)).toBeDefined(),
  );

  it.each([
    '$sum(a)',
    '$sum',
    '$x',
    'a[0]',
    'a[b=1]',
    'a[]',
    '*',
    'a.*',
    '**',
    'a.%',
    '1 + 1',
    'a & b',
    '-a',
    'a ? b : c',
    '[1..10]',
    'a.{"x": b}',
    'a.[b]',
    'a{b: c}',
    '{a: 1}',
    '{"a": $f()}',
    '(a)',
    '($x := 1; a)',
    'function($x){$x}',
    '/a/',
    'a^(b)',
    'a@$v.b',
    'a#$i',
    '| a | {} |',
    'a ~> $sum',
    '$a.b',
    '$$$',
    'a.$',
    '$.$',
    '$[0]',
    '{"a":1}.a',
    '[a][0]',
    'a.(b)',
    '[[1..3]]',
    '{"a": [1..3]}',
    'a.b{c: d}',
    '$eval("1")',
    '{"a": 1}{b: c}',
    'a.b[].c',
  ])('%s is not', (text) => {
    let ast: unknown;
    try {
      ast = jsonata(text).ast();
    } catch {
      return; // not an expression at all: it never comes so far
    }
    expect(cheapExpression(ast)).toBeUndefined();
  });

  it('a long one is not, however plain', () => {
    expect(cheap(`[${Array.from({ length: 100 }, () => 'a').join(',')}]`)).toBeUndefined();
  });

  it('knows the identity', () => {
    expect(cheap('$')!.identity).toBe(true);
    expect(cheap(' $$ ')!.identity).toBe(true);
    expect(cheap('a')!.identity).toBe(false);
    expect(cheap('[$]')!.identity).toBe(false);
  });

  it('a large input goes to a process, unless it only passes through', () => {
    const large = `"${'x'.repeat(40_000)}"`;
    expect(mayRunInline(cheap('$')!, large)).toBe(true);
    expect(mayRunInline(cheap('a')!, large)).toBe(false);
    expect(mayRunInline(cheap('[a, b, c]')!, `"${'x'.repeat(16_000)}"`)).toBe(false);
    expect(mayRunInline(cheap('a')!, '{}')).toBe(true);
  });

  it('any well-formed expression gets an answer', () => {
    const part = fc.constantFrom('a', 'b', '.', '$', '[', ']', '{', '}', '(', ')', ',', ':', '"x"', '1', '*', ';', '?');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        let ast: unknown;
        try {
          ast = jsonata(parts.join('')).ast();
        } catch {
          return;
        }
        expect(() => cheapExpression(ast)).not.toThrow();
      }),
    );
  });
});
