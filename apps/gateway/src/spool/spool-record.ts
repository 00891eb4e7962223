import type { Place } from './journal.js';
import { FRAME_HEAD_BYTES, SpoolCorrupted } from './journal-frame.js';

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
  /** Where it ends in the journal. */
  end: Place;
  writtenAtMs: number;
  /** Bytes that it takes. */
  length: number;
  runs: readonly SpoolRun[];
  /** Those of its run ids that callers have chosen; whose they are, `runs` tells. */
  claims: readonly string[];
}

const VERSION = 2;
const SCRATCH_BYTES = 1024 * 1024;
/** No character of a JavaScript string takes more bytes than this in UTF-8. */
const CHARACTER_BYTES_MAX = 3;
const RUN_HEAD_CHARACTERS = 80;
const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/**
 * A batch as an entry of the journal, behind room for its frame: where its head begins, the events' texts one after the
 * other, and the head, a line of JSON that tells whose they are and how long. So events are neither parsed nor escaped on
 * their way through, and a restart reads costs from the head alone. The bytes hold until the next call.
 */
export function batchBytes(runs: readonly SpoolRun[], claims: readonly string[], writtenAtMs: number): Buffer {
  const bytes = scratchOf(runs, claims);
  const bodyStart = FRAME_HEAD_BYTES + 4;
  let end = bodyStart;
  let head = `{"v":${VERSION},"at":${writtenAtMs},"claims":${JSON.stringify(claims)},"runs":[`;
  for (let nth = 0; nth < runs.length; nth++) {
    const { runId, payerUserId, costMicros, events } = runs[nth]!;
    head += `${nth === 0 ? '' : ','}[${JSON.stringify(runId)},${JSON.stringify(payerUserId)},${costMicros}`;
    for (const event of events) {
      const length = bytes.write(event, end, 'utf8');
      head += `,${length}`;
      end += length;
    }
    head += ']';
  }
  bytes.writeUInt32BE(end - bodyStart, FRAME_HEAD_BYTES);
  end += bytes.write(`${head}]}`, end, 'utf8');
  return bytes.subarray(0, end);
}

function scratchOf(runs: readonly SpoolRun[], claims: readonly string[]): Buffer {
  let characters = 100;
  for (const claim of claims) characters += claim.length + 3;
  for (const { runId, payerUserId, events } of runs) {
    characters += RUN_HEAD_CHARACTERS + (runId.length + payerUserId.length) * 2;
    for (const event of events) characters += event.length + 10;
  }
  const bytes = FRAME_HEAD_BYTES + characters * CHARACTER_BYTES_MAX;
  if (bytes <= SCRATCH_BYTES) return scratch;
  return Buffer.allocUnsafeSlow(bytes);
}

/** Reads a batch back. Throws `SpoolCorrupted` unless every part is what `batchBytes` writes. */
export function readBatch(end: Place, content: Buffer): SpoolBatch {
  const where = `${end.segment}:${end.offset}`;
  if (content.length < 4) throw new SpoolCorrupted(where, 'it is too short');
  let offset = 4;
  const bodyEnd = offset + content.readUInt32BE(0);
  const { at, claims, entries } = readHead(where, content.toString('utf8', bodyEnd));
  const runs = entries.map((entry): SpoolRun => {
    const [runId, payerUserId, costMicros, ...lengths] = entry as unknown[];
    if (
      typeof runId !== 'string' ||
      typeof payerUserId !== 'string' ||
      !isCount(costMicros) ||
      !lengths.every(isCount)
    ) {
      throw new SpoolCorrupted(where, 'a run in it has no proper description');
    }
    const events = lengths.map((length) => content.toString('utf8', offset, (offset += length)));
    return { runId, payerUserId, costMicros, events };
  });
  if (offset !== bodyEnd) throw new SpoolCorrupted(where, 'its length is not what it says');
  return { end, writtenAtMs: at, length: content.length, runs, claims };
}

function readHead(where: string, line: string): { at: number; claims: string[]; entries: unknown[][] } {
  let head: unknown;
  try {
    head = JSON.parse(line);
  } catch {
    throw new SpoolCorrupted(where, 'its head is not JSON');
  }
  const { v, at, claims, runs } = (head ?? {}) as { v?: unknown; at?: unknown; claims?: unknown; runs?: unknown };
  if (v !== VERSION) throw new SpoolCorrupted(where, `its version is ${String(v).slice(0, 20)}, not ${VERSION}`);
  const hasClaims = Array.isArray(claims) && claims.every((claim) => typeof claim === 'string');
  if (!isCount(at) || !hasClaims || !Array.isArray(runs) || !runs.every(Array.isArray)) {
    throw new SpoolCorrupted(where, 'its head is not ours');
  }
  return { at, claims, entries: runs as unknown[][] };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
