/**
 * Goes on with a value that is at hand, or with a promised one, without turning the former into a promise: the hot path
 * pays for a promise only when something really has to be fetched.
 */
export function andThen<T, U>(value: T | Promise<T>, next: (value: T) => U | Promise<U>): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
