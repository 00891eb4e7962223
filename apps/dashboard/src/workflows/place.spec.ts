import jsonata from 'jsonata';
import { jsonFault, placeOf } from './place.js';

const faultOf = (text: string) => {
  try {
    jsonata(text);
  } catch (error) {
    return (error as { position: number }).position;
  }
  throw new Error('This compiles');
};

describe('where an expression is wrong', () => {
  it('is told as line and column, with a caret below', () => {
    const text = '{\n  "a": 1,\n  "b": )\n}';
    const place = placeOf(text, faultOf(text));
    expect(place).toMatchObject({ line: 3, column: 8 });
    const [line, caret] = place.excerpt.split('\n');
    expect(line?.[caret!.indexOf('^')]).toBe(')');
  });

  it('stays readable in a very long line', () => {
    const text = `${'a + '.repeat(2_000)})`;
    expect(placeOf(text, faultOf(text)).excerpt.length).toBeLessThan(300);
  });
});

describe('JSON that is typed', () => {
  it('is told what is wrong with it', () => {
    expect(jsonFault('{"a": 1}')).toBeNull();
    expect(jsonFault('{"a": }')).toMatch(/^Not JSON/);
    expect(jsonFault('[1]', { object: true })).toMatch(/object/);
  });
});
