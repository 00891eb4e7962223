type Json = { [name: string]: unknown };

/** What says nothing about which values are right. */
const WORDS = new Set(['description', 'title', 'examples', '$comment']);

/**
 * What breaks a reader or the log when a schema changes from `before` to `after`: facts are kept for ever, so a new schema
 * must read the old ones, and consumers are updated later than producers, so an old schema must read the new ones.
 * Both hold when nothing changes but that optional members come in. Everything else is told with its place.
 */
export function schemaBreaks(before: unknown, after: unknown, at = 'data'): string[] {
  if (isEqual(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [`${at}: ${text(before)} has become ${text(after)}`];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => {
    if (WORDS.has(name)) return [];
    if (name === 'properties') return propertyBreaks(before, after, at);
    if (name === 'required') return requiredBreaks(before, after, at);
    const [one, other] = [before[name], after[name]];
    if (Array.isArray(one) && Array.isArray(other) && one.length === other.length && one.some(isObject)) {
      return one.flatMap((each, nth) => schemaBreaks(each, other[nth], `${at}.${name}[${nth}]`));
    }
    if (isObject(one) && isObject(other)) return schemaBreaks(one, other, `${at}.${name}`);
    return isEqual(one, other) ? [] : [`${at}: ${name} was ${text(one)} and is ${text(other)}`];
  });
}

function propertyBreaks(before: Json, after: Json, at: string): string[] {
  const [old, now] = [(before.properties ?? {}) as Json, (after.properties ?? {}) as Json];
  return Object.keys(old).flatMap((name) =>
    name in now ? schemaBreaks(old[name], now[name], `${at}.${name}`) : [`${at}.${name}: is gone`],
  );
}

function requiredBreaks(before: Json, after: Json, at: string): string[] {
  const [old, now] = [(before.required ?? []) as string[], (after.required ?? []) as string[]];
  return [
    ...now.filter((name) => !old.includes(name)).map((name) => `${at}.${name}: is required and was not`),
    ...old.filter((name) => !now.includes(name)).map((name) => `${at}.${name}: is no longer required`),
  ];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function text(value: unknown): string {
  return value === undefined ? 'absent' : JSON.stringify(value);
}
