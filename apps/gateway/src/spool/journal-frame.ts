import { crc32 } from 'node:zlib';

/** The spool holds something that this version did not write. */
export class SpoolCorrupted extends Error {
  constructor(where: string, reason: string) {
    super(`The spool's entry ${where} is damaged or foreign: ${reason}`);
    this.name = 'SpoolCorrupted';
  }
}

/** What a frame holds: an entry, or a note of the place up to which entries are done with. */
export type FrameKind = 'entry' | 'taken';

export interface Frame {
  kind: FrameKind;
  start: number;
  end: number;
  content: Buffer;
}

/** Mark, CRC-32 of all that follows it, length of the content: 4 bytes each, then the content. */
export const FRAME_HEAD_BYTES = 12;
const MARKS: Record<FrameKind, number> = { entry: 0x54474531, taken: 0x54475431 };
const KINDS = new Map(Object.entries(MARKS).map(([kind, mark]) => [mark, kind as FrameKind]));

/** Makes a frame of the content that stands in `bytes` behind room for the head. */
export function frame(kind: FrameKind, bytes: Buffer): Buffer {
  bytes.writeUInt32BE(MARKS[kind], 0);
  bytes.writeUInt32BE(bytes.length - FRAME_HEAD_BYTES, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(8)), 4);
  return bytes;
}

/**
 * The frames of a segment, in order. A process that was killed, or a machine that lost power, leaves a beginning of its
 * last frames: what is no frame is left out when none comes after it. When one does, something that was whole is whole
 * no more: throws `SpoolCorrupted`.
 */
export function* framesOf(segment: string, bytes: Buffer, from = 0): Iterable<Frame> {
  for (let start = from; start < bytes.length;) {
    const found = frameAt(bytes, start);
    if (!found) return assertNoFrameAfter(segment, bytes, start);
    yield found;
    start = found.end;
  }
}

function frameAt(bytes: Buffer, start: number): Frame | undefined {
  const contentStart = start + FRAME_HEAD_BYTES;
  if (contentStart > bytes.length) return undefined;
  const kind = KINDS.get(bytes.readUInt32BE(start));
  const end = contentStart + bytes.readUInt32BE(start + 8);
  if (!kind || end > bytes.length) return undefined;
  if (crc32(bytes.subarray(start + 8, end)) !== bytes.readUInt32BE(start + 4)) return undefined;
  return { kind, start, end, content: bytes.subarray(contentStart, end) };
}

function assertNoFrameAfter(segment: string, bytes: Buffer, bad: number): void {
  for (const mark of Object.values(MARKS)) {
    const sought = Buffer.alloc(4);
    sought.writeUInt32BE(mark);
    for (let at = bytes.indexOf(sought, bad + 1); at !== -1; at = bytes.indexOf(sought, at + 1)) {
      if (frameAt(bytes, at)) throw new SpoolCorrupted(`${segment}:${bad}`, 'it is no frame, and others come after it');
    }
  }
}
