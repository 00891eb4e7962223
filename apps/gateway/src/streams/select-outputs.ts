/** What a path may begin with, where clients name the block that put something out. */
const BLOCK = /^(http|expression|output)(\.|$)/;

/**
 * The parts of an output that were asked for, by dotted paths (`items.0.name`), each under its own name; the whole output, as
 * it was written, when nothing was asked for or it has no parts. A path that leads nowhere is left out.
 */
export function selectOutputs(outputJson: string, paths: readonly string[] | undefined): string {
  const inner = (paths ?? []).map((path) => path.replace(BLOCK, ''));
  if (inner.length === 0 || inner.includes('')) return outputJson;
  const output = JSON.parse(outputJson) as unknown;
  if (typeof output !== 'object' || output === null) return outputJson;
  const selected = inner.map((path) => [path, at(output, path)] as const).filter(([, value]) => value !== undefined);
  return JSON.stringify(Object.fromEntries(selected));
}

/** The part of an output at a path, with or without the block's name before it; the bare block is all of it. */
export function partOf(output: unknown, path: string): unknown {
  const inner = path.replace(BLOCK, '');
  return inner === '' ? output : at(output, inner);
}

function at(output: unknown, path: string): unknown {
  let value = output;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
