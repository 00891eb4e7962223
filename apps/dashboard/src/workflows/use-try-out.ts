import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import type { TryOutAsked, TryOutTold } from './try-out.worker.js';

const TYPING_PAUSE_MS = 250;
const TIME_LIMIT_MS = 2_000;

export type TryOut = { state: 'idle' } | { state: 'running' } | { state: 'late' } | { state: 'done'; told: TryOutTold };

/** Tries an expression as it is typed, in a worker that is ended when it takes longer than two seconds. */
export function useTryOut(expression: string, inputText: string): TryOut {
  const [[code, json]] = useDebouncedValue([expression, inputText] as const, TYPING_PAUSE_MS);
  const [tryOut, setTryOut] = useState<TryOut>({ state: 'idle' });
  useEffect(() => {
    const input = parsed(json);
    if (code.trim() === '' || input === undefined) {
      setTryOut({ state: 'idle' });
      return;
    }
    setTryOut((last) => (last.state === 'done' ? last : { state: 'running' }));
    const worker = new Worker(new URL('./try-out.worker.ts', import.meta.url), { type: 'module' });
    const timer = setTimeout(() => {
      worker.terminate();
      setTryOut({ state: 'late' });
    }, TIME_LIMIT_MS);
    worker.onmessage = ({ data }: MessageEvent<TryOutTold>) => {
      clearTimeout(timer);
      worker.terminate();
      setTryOut({ state: 'done', told: data });
    };
    worker.onerror = () => {
      clearTimeout(timer);
      setTryOut({
        state: 'done',
        told: { ok: false, stage: 'run', message: 'The try-out could not start in this browser', position: undefined },
      });
    };
    worker.postMessage({ expression: code, input: input.value } satisfies TryOutAsked);
    return () => {
      clearTimeout(timer);
      worker.terminate();
    };
  }, [code, json]);
  return tryOut;
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
