/**
 * Goes on with a value that is at hand, or with a promised one, without turning the former into a promise: the hot path
 * pays for a promise only when something really has to be fetched.
 */
export function andThen<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return isPromise(value) ? value.then(next) : next(value);
}

/** By its `then`, so that promises of another realm count too. */
function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return value instanceof Promise || typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
