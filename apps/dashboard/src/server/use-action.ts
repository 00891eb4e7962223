import { type MutateOptions, useMutation, type UseMutationOptions } from '@tanstack/react-query';
import { useRef } from 'react';

/**
 * A change of something on the server that a double click does once: while one is under way, others are dropped. One that
 * failed is over at once: what it asks to be read anew may take long while the server is away.
 */
export function useAction<Answer, Given = void, Before = unknown>(
  options: UseMutationOptions<Answer, Error, Given, Before>,
) {
  const isBusy = useRef(false);
  const mutation = useMutation<Answer, Error, Given, Before>({
    ...options,
    onSettled: (...settled) => {
      isBusy.current = false;
      const after = options.onSettled?.(...settled);
      const [, error] = settled;
      return error ? undefined : after;
    },
  });
  const run = (given: Given, then?: MutateOptions<Answer, Error, Given, Before>) => {
    if (isBusy.current) return;
    isBusy.current = true;
    mutation.mutate(given, then);
  };
  return { ...mutation, run };
}
