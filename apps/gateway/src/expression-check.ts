import jsonata from 'jsonata';

/** Longest expression a workflow may have: compiling one this long takes a fraction of a second at worst. */
export const EXPRESSION_LENGTH_MAX = 16 * 1024;

export interface ExpressionFault {
  message: string;
  /** Characters into the expression, where JSONata says so. */
  position?: number;
}

/** Compiles an expression, for the workflow form. Undefined: it is well formed (which is no promise that it will work). */
export function checkExpression(text: string): ExpressionFault | undefined {
  if (text.trim() === '') return { message: 'Expression is required' };
  if (text.length > EXPRESSION_LENGTH_MAX) {
    return { message: `Expression must be at most ${EXPRESSION_LENGTH_MAX} characters` };
  }
  try {
    jsonata(text);
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return { message: 'Expression is nested too deeply' };
    const { message, position } = error as { message?: unknown; position?: unknown };
    return {
      message: typeof message === 'string' && message !== '' ? message : 'Expression is not valid JSONata',
      ...(typeof position === 'number' && { position }),
    };
  }
}
