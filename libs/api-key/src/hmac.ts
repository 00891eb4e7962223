import * as crypto from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/**
 * HMAC-SHA-256 (RFC 2104) under one secret, as 64 lower-case hexadecimal characters, many times: two one-shot hashes over
 * blocks that are made once. `createHmac` sets a context up each time, which costs twice as much as all of the hashing.
 */
export class Hmac {
  /** The inner block as text when it is ASCII, so that a text to be signed needs no copy. */
  private readonly innerText: string | undefined;
  private readonly inner: Buffer;
  private readonly outer: Buffer;

  constructor(secret: string) {
    const raw = Buffer.from(secret, 'utf8');
    const block = Buffer.alloc(BLOCK_BYTES);
    block.set(raw.length > BLOCK_BYTES ? crypto.createHash('sha256').update(raw).digest() : raw);
    this.inner = Buffer.concat([block.map((byte) => byte ^ 0x36), Buffer.alloc(DIGEST_BYTES)]);
    this.outer = Buffer.concat([block.map((byte) => byte ^ 0x5c), Buffer.alloc(DIGEST_BYTES)]);
    const innerBlock = this.inner.subarray(0, BLOCK_BYTES);
    if (innerBlock.every((byte) => byte < 0x80)) this.innerText = innerBlock.toString('latin1');
  }

  /** Of a text, as UTF-8. */
  ofText(text: string): string {
    if (this.innerText !== undefined) return this.around(crypto.hash('sha256', this.innerText + text, 'hex'));
    const bytes = Buffer.concat([this.inner.subarray(0, BLOCK_BYTES), Buffer.from(text, 'utf8')]);
    return this.around(crypto.hash('sha256', bytes, 'hex'));
  }

  /** Of the 32 bytes that 64 hexadecimal characters stand for. */
  ofDigest(hex: string): string {
    this.inner.write(hex, BLOCK_BYTES, 'hex');
    return this.around(crypto.hash('sha256', this.inner, 'hex'));
  }

  private around(innerHex: string): string {
    this.outer.write(innerHex, BLOCK_BYTES, 'hex');
    return crypto.hash('sha256', this.outer, 'hex');
  }
}
