/**
 * The program of one expression process: reads an expression and an input, answers with the output, one at a time.
 * It stands alone (no imports from beside it): it is started as a file, with no view of the rest of the platform.
 *
 * In:  uint32 length of expression, uint32 length of input, then both as UTF-8. Out: one byte `O` (output) or `E`
 * (reason of failure), uint32 length, UTF-8. Numbers are little-endian.
 *
 * Why this is safe enough to run what tenants write (docs/decisions/0003-expressions-run-apart.md has the rest): the process has an empty
 * environment, no file, process or add-on rights (`--permission`), no `eval` or `Function` (flag), no global beyond
 * the language's own, and only JSON text goes in and out. Built-in objects are frozen, so a run cannot leave anything
 * behind for the next tenant's run.
 */
import { readSync, writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import jsonata from 'jsonata';

const OUTPUT_BYTES_MAX = 10 * 1024 * 1024;
const REASON_LENGTH_MAX = 1000;
/** Bounds of the compiled-expression cache: a syntax tree takes some 100 bytes of heap per character. */
const CACHED_MAX = 200;
const CACHED_CHARACTERS_MAX = 64 * 1024;
const BUFFER_BYTES = 64 * 1024;
/** What an expression process may hold off the heap, above its memory limit: frames in and out of 10 MiB each. */
const OFF_HEAP_BYTES = 96 * 1024 * 1024;
const GUARD_EVERY_MS = 100;

const KEPT_GLOBALS = new Set(
  (
    'Object Function Array Number parseFloat parseInt Infinity NaN undefined Boolean String Symbol Date Promise RegExp ' +
    'Error AggregateError EvalError RangeError ReferenceError SyntaxError TypeError URIError JSON Math Intl ' +
    'ArrayBuffer Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array ' +
    'Uint8ClampedArray BigUint64Array BigInt64Array DataView Map BigInt Set Iterator WeakMap WeakSet WeakRef Proxy ' +
    'Reflect decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape isFinite isNaN globalThis Buffer'
  ).split(' '),
);

/** The main thread may be stuck in an endless loop: another thread sees that its parent died or its memory ran over. */
function startGuard(memoryMb: number): void {
  const rssBytesMax = process.memoryUsage.rss() + memoryMb * 1024 * 1024 + OFF_HEAP_BYTES;
  new Worker(new URL(import.meta.url), {
    workerData: { parentPid: process.ppid, rssBytesMax },
    env: {},
    // Else Node would open standard output for the worker, which makes it non-blocking, and large answers would fail.
    stdout: true,
    stderr: true,
  });
}

function guard(limits: { parentPid: number; rssBytesMax: number }): void {
  setInterval(() => {
    if (process.ppid !== limits.parentPid) process.kill(process.pid, 'SIGKILL');
    if (process.memoryUsage.rss() > limits.rssBytesMax) process.kill(process.pid, 'SIGABRT'); // as V8 does itself
  }, GUARD_EVERY_MS);
}

function removeGlobals(): void {
  for (const name of Reflect.ownKeys(globalThis)) {
    if (typeof name === 'string' && !KEPT_GLOBALS.has(name)) Reflect.deleteProperty(globalThis, name);
  }
}

function freezeBuiltIns(): void {
  letOwnPropertiesShadow(Object.prototype);
  const roots: unknown[] = [...KEPT_GLOBALS].map((name) => Reflect.get(globalThis, name));
  roots.push(
    Object.getPrototypeOf(async () => undefined),
    Object.getPrototypeOf(function* () {}),
  );
  roots.push(
    Object.getPrototypeOf(async function* () {}),
    Object.getPrototypeOf([][Symbol.iterator]()),
  );
  roots.push(Object.getPrototypeOf(Uint8Array));
  for (const root of roots) {
    if (root === globalThis || (typeof root !== 'function' && (typeof root !== 'object' || root === null))) continue;
    const prototype: unknown = Reflect.get(root, 'prototype');
    if (typeof prototype === 'object' && prototype !== null) Object.freeze(prototype);
    Object.freeze(root);
  }
  Object.freeze(Function.prototype);
}

/** A frozen data property could not be shadowed by assignment, and `{"toString": 1}` is a fair thing to write. */
function letOwnPropertiesShadow(prototype: object): void {
  for (const name of Reflect.ownKeys(prototype)) {
    const property = Object.getOwnPropertyDescriptor(prototype, name);
    if (!property?.configurable || !('value' in property)) continue;
    Object.defineProperty(prototype, name, {
      configurable: false,
      get: () => property.value,
      set(this: object, value: unknown) {
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      },
    });
  }
}

async function serve(exit: (code: number) => never): Promise<never> {
  const frames = new FrameReader(exit);
  for (;;) {
    const [expression, inputJson] = frames.next();
    const [kind, text] = await answerOf(expression, inputJson);
    write(kind, text);
  }
}

async function answerOf(expression: string, inputJson: string): Promise<['O' | 'E', Buffer]> {
  try {
    const result: unknown = await compiled(expression).evaluate(JSON.parse(inputJson));
    const output = Buffer.from(JSON.stringify(result, refuseFunctions) ?? 'null');
    if (output.length > OUTPUT_BYTES_MAX) return ['E', Buffer.from('Expression output is larger than 10 MiB')];
    return ['O', output];
  } catch (error) {
    return ['E', Buffer.from(reasonOf(error))];
  }
}

/** JSONata's function values are objects with real functions inside; nothing that came from JSON can hold one. */
function refuseFunctions(_key: string, value: unknown): unknown {
  if (typeof value === 'function') throw { message: 'Expression output contains a function' };
  return value;
}

/** JSONata throws plain objects: `{code, message, position}`; `$error` and `$assert` carry the author's own words alone. */
function reasonOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'Expression failed';
  const { message, code, position } = error as { message?: unknown; code?: unknown; position?: unknown };
  if (typeof message !== 'string' || message === '') return 'Expression failed';
  const text = message.slice(0, REASON_LENGTH_MAX);
  if (typeof code !== 'string' || code === 'D3137' || code === 'D3141') return text;
  return `${text} (${code}${typeof position === 'number' ? ` at position ${position}` : ''})`;
}

const cache = new Map<string, jsonata.Expression>();
let cachedCharacters = 0;

function compiled(text: string): jsonata.Expression {
  let expression = cache.get(text);
  if (expression)
    cache.delete(text); // and back in as the newest
  else {
    expression = jsonata(text);
    cachedCharacters += text.length;
  }
  cache.set(text, expression);
  for (const oldest of cache.keys()) {
    if (cache.size <= CACHED_MAX && cachedCharacters <= CACHED_CHARACTERS_MAX) break;
    cache.delete(oldest);
    cachedCharacters -= oldest.length;
  }
  return expression;
}

function write(kind: 'O' | 'E', text: Buffer): void {
  const frame = Buffer.allocUnsafe(5 + text.length);
  frame.write(kind, 0, 'latin1');
  frame.writeUInt32LE(text.length, 1);
  text.copy(frame, 5);
  for (let done = 0; done < frame.length;) done += writeSync(1, frame, done);
}

/** Blocking reads: an idle process sleeps in the kernel, a busy one spends nothing on event loops. */
class FrameReader {
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #filled = 0;
  readonly #exit: (code: number) => never;

  constructor(exit: (code: number) => never) {
    this.#exit = exit;
  }

  next(): [expression: string, inputJson: string] {
    this.#fill(8);
    const inputAt = 8 + this.#buffer.readUInt32LE(0);
    const end = inputAt + this.#buffer.readUInt32LE(4);
    this.#fill(end);
    const frame: [string, string] = [
      this.#buffer.toString('utf8', 8, inputAt),
      this.#buffer.toString('utf8', inputAt, end),
    ];
    const rest = this.#buffer.subarray(end, this.#filled);
    if (this.#buffer.length > BUFFER_BYTES) this.#buffer = Buffer.concat([rest], Math.max(rest.length, BUFFER_BYTES));
    else rest.copy(this.#buffer);
    this.#filled = rest.length;
    return frame;
  }

  #fill(length: number): void {
    if (this.#buffer.length < length) {
      const larger = Buffer.allocUnsafe(length);
      this.#buffer.copy(larger, 0, 0, this.#filled);
      this.#buffer = larger;
    }
    while (this.#filled < length) {
      const read = readSync(0, this.#buffer, this.#filled, this.#buffer.length - this.#filled, null);
      if (read === 0) this.#exit(0);
      this.#filled += read;
    }
  }
}

if (isMainThread) {
  const memoryMb = Number(process.argv[2]);
  const exit = process.exit.bind(process);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined); // its parent ends it
  startGuard(memoryMb);
  removeGlobals();
  freezeBuiltIns();
  await serve(exit);
} else {
  guard(workerData as { parentPid: number; rssBytesMax: number });
}
