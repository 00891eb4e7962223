const PROTOCOL_3 = 196_608;

/** One whole message of PostgreSQL's protocol. */
export interface PgMessage {
  bytes: Buffer;
  /** Its first letter; '' for what opens a connection. */
  type: string;
}

/** Cuts what one end of a connection says into whole messages. A client's first ones have no letter. */
export class PgMessages {
  private rest: Buffer = Buffer.alloc(0);

  constructor(private isOpening: boolean) {}

  *take(data: Buffer): Generator<PgMessage> {
    this.rest = this.rest.length === 0 ? data : Buffer.concat([this.rest, data]);
    for (;;) {
      const head = this.isOpening ? 0 : 1;
      if (this.rest.length < head + 4) return;
      const length = head + this.rest.readUInt32BE(head);
      if (this.rest.length < length) return;
      const bytes = this.rest.subarray(0, length);
      this.rest = this.rest.subarray(length);
      const type = head === 0 ? '' : String.fromCharCode(bytes[0] ?? 0);
      // Before it a client may ask whether the server speaks TLS.
      if (head === 0) this.isOpening = bytes.readUInt32BE(4) !== PROTOCOL_3;
      yield { bytes, type };
    }
  }
}

/** The SQL of a Query or Parse message. */
export function sqlOf({ bytes, type }: PgMessage): string | undefined {
  if (type === 'Q') return textAt(bytes, 5).text;
  return type === 'P' ? textAt(bytes, textAt(bytes, 5).next).text : undefined;
}

/** The parameters of a Bind message, as text; undefined stands for NULL. */
export function valuesOf({ bytes }: PgMessage): (string | undefined)[] {
  let at = textAt(bytes, textAt(bytes, 5).next).next;
  at += 2 + 2 * bytes.readUInt16BE(at);
  const values: (string | undefined)[] = [];
  const count = bytes.readUInt16BE(at);
  at += 2;
  while (values.length < count) {
    const length = bytes.readInt32BE(at);
    at += 4;
    values.push(length < 0 ? undefined : bytes.toString('utf8', at, at + length));
    at += Math.max(length, 0);
  }
  return values;
}

/** What a CommandComplete message says was done. */
export function tagOf({ bytes }: PgMessage): string {
  return textAt(bytes, 5).text;
}

function textAt(bytes: Buffer, at: number): { text: string; next: number } {
  const end = bytes.indexOf(0, at);
  return { text: bytes.toString('utf8', at, end), next: end + 1 };
}
