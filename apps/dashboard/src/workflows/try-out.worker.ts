/** Runs an expression away from the page: whoever asked ends this worker when it takes too long. */
import jsonata from 'jsonata';

export interface TryOutAsked {
  expression: string;
  input: unknown;
}
export type TryOutTold =
  { ok: true; output: string } | { ok: false; message: string; position: number | undefined; stage: 'compile' | 'run' };

const refuseFunctions = (_key: string, value: unknown) => {
  if (typeof value === 'function') throw new Error('The output contains a function');
  return value;
};

onmessage = async ({ data: { expression, input } }: MessageEvent<TryOutAsked>) => {
  const tell = (told: TryOutTold) => postMessage(told);
  let stage: 'compile' | 'run' = 'compile';
  try {
    const compiled = jsonata(expression);
    stage = 'run';
    const output: unknown = await compiled.evaluate(input);
    tell({ ok: true, output: JSON.stringify(output, refuseFunctions, 2) ?? 'null' });
  } catch (error) {
    const { message, position } = (error ?? {}) as { message?: unknown; position?: unknown };
    tell({
      ok: false,
      stage,
      message:
        error instanceof RangeError
          ? 'The expression is nested too deeply'
          : typeof message === 'string'
            ? message
            : 'The expression failed',
      position: typeof position === 'number' ? position : undefined,
    });
  }
};
