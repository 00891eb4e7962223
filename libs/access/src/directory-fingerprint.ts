import { createHash } from 'node:crypto';

/** An entry as a body holds it, tombstones and what is known of it before its birth included. */
export interface HeldEntry {
  /** `kind:id`. */
  name: string;
  fields: { field: string; position: bigint; value: unknown }[];
}

/**
 * What all entries of a directory come to: the same for two bodies if and only if they hold the same fields, with the same
 * values and positions, in whatever order they hold and tell them. An entry may be told twice, as Redis does.
 */
export async function directoryFingerprint(
  entries: Iterable<HeldEntry> | AsyncIterable<HeldEntry>,
): Promise<{ entries: number; sha256: string }> {
  const digests = new Map<string, Buffer>();
  for await (const { name, fields } of entries) {
    const lines = fields.map(({ field, position, value }) => [field, `${position}`, ordered(value)] as const);
    lines.sort(([one], [other]) => (one < other ? -1 : 1));
    digests.set(
      name,
      createHash('sha256')
        .update(JSON.stringify([name, lines]))
        .digest(),
    );
  }
  const all = createHash('sha256');
  for (const name of [...digests.keys()].sort()) all.update(digests.get(name) as Buffer);
  return { entries: digests.size, sha256: all.digest('hex') };
}

/** The value with the members of its objects in order: how they were written down says nothing. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  members.sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, ordered(member)]));
}
