import { type MutateOptions, useMutation, type UseMutationOptions } from '@tanstack/react-query';
import { useRef } from 'react';

/** A change of something on the server that a double click does once: while one is under way, others are dropped. */
export function useAction<Answer, Given = void, Before = unknown>(
  options: UseMutationOptions<Answer, Error, Given, Before>,
) {
  const isBusy = useRef(false);
  const mutation = useMutation<Answer, Error, Given, Before>({
    ...options,
    onSettled: (...settled) => {
      isBusy.current = false;
      return options.onSettled?.(...settled);
    },
  });
  const run = (given: Given, then?: MutateOptions<Answer, Error, Given, Before>) => {
    if (isBusy.current) return;
    isBusy.current = true;
    mutation.mutate(given, then);
  };
  return { ...mutation, run };
}
