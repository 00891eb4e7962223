/** Longest name of a tool that every known MCP client takes, less what makes it unique. */
const NAME_LENGTH_MAX = 56;

/** A name that MCP allows (`[a-z0-9_]`): letters with marks lose them, everything else becomes `_`. */
export function toolNameOf(name: string, otherwise = 'workflow'): string {
  const slug = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .slice(0, NAME_LENGTH_MAX)
    .replaceAll(/^_+|_+$/g, '');
  return slug === '' ? otherwise : slug;
}

/**
 * A name for each, in order, none twice: the second `report` becomes `report_2`. The earlier one keeps its name whatever
 * comes after it, so clients that remember a tool go on finding it.
 */
export function uniqueToolNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const slug = toolNameOf(name);
    let unique = slug;
    for (let count = 2; taken.has(unique); count += 1) unique = `${slug}_${count}`;
    taken.add(unique);
    return unique;
  });
}
