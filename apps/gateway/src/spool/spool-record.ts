/** One run on its way to the log: its events as JSON texts, and what a restart must know without reading them. */
export interface SpoolRun {
  runId: string;
  payerUserId: string;
  /** What the run costs its payer; 0 for a refused one. */
  costMicros: number;
  /** Each a CloudEvents envelope; both of a run are kept or lost together. */
  events: readonly string[];
}

/** Runs that were written together, as they are read back. */
export interface SpoolBatch {
  key: number;
  writtenAtMs: number;
  /** Characters that it takes in the spool. */
  length: number;
  runs: SpoolRun[];
}

/** The spool holds something that this version did not write. */
export class SpoolCorrupted extends Error {
  constructor(key: unknown, reason: string) {
    super(`The spool's entry ${String(key)} is damaged or foreign: ${reason}`);
    this.name = 'SpoolCorrupted';
  }
}

const VERSION = 1;

/**
 * A batch as one text: a line of JSON that tells what follows, then the events' texts one after the other. So events are
 * neither parsed nor escaped on their way through, and a restart reads costs from the first line alone.
 */
export function batchText(runs: readonly SpoolRun[], writtenAtMs: number): string {
  let head = `{"v":${VERSION},"at":${writtenAtMs},"runs":[`;
  let body = '';
  for (let nth = 0; nth < runs.length; nth++) {
    const { runId, payerUserId, costMicros, events } = runs[nth]!;
    head += `${nth === 0 ? '' : ','}[${JSON.stringify(runId)},${JSON.stringify(payerUserId)},${costMicros}`;
    for (const event of events) {
      head += `,${event.length}`;
      body += event;
    }
    head += ']';
  }
  return `${head}]}\n${body}`;
}

/** Reads a batch back. Throws `SpoolCorrupted` unless every part is what `batchText` writes. */
export function readBatch(key: unknown, text: unknown): SpoolBatch {
  if (typeof key !== 'number' || typeof text !== 'string') throw new SpoolCorrupted(key, 'it is not a batch');
  const lineEnd = text.indexOf('\n');
  const { at, entries } = readHead(key, text.slice(0, lineEnd === -1 ? text.length : lineEnd));
  let offset = lineEnd + 1;
  const runs = entries.map((entry): SpoolRun => {
    const [runId, payerUserId, costMicros, ...lengths] = entry as unknown[];
    if (
      typeof runId !== 'string' ||
      typeof payerUserId !== 'string' ||
      !isCount(costMicros) ||
      !lengths.every(isCount)
    ) {
      throw new SpoolCorrupted(key, 'a run in it has no proper description');
    }
    const events = lengths.map((length) => text.slice(offset, (offset += length)));
    return { runId, payerUserId, costMicros, events };
  });
  if (lineEnd === -1 || offset !== text.length) throw new SpoolCorrupted(key, 'its length is not what it says');
  return { key, writtenAtMs: at, length: text.length, runs };
}

function readHead(key: number, line: string): { at: number; entries: unknown[][] } {
  let head: unknown;
  try {
    head = JSON.parse(line);
  } catch {
    throw new SpoolCorrupted(key, 'its first line is not JSON');
  }
  const { v, at, runs } = (head ?? {}) as { v?: unknown; at?: unknown; runs?: unknown };
  if (v !== VERSION) throw new SpoolCorrupted(key, `its version is ${String(v).slice(0, 20)}, not ${VERSION}`);
  if (!isCount(at) || !Array.isArray(runs) || !runs.every(Array.isArray))
    throw new SpoolCorrupted(key, 'its first line is not ours');
  return { at, entries: runs as unknown[][] };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
