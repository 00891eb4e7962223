import { type ChildProcess, spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How one evaluation ended. `ended`: the process is gone, and whoever started it decides what that means. */
export type ExpressionAnswer =
  | { kind: 'output'; outputJson: string }
  | { kind: 'failure'; reason: string }
  | { kind: 'ended'; signal: NodeJS.Signals | null };

/** From `.ts` (tests) Node strips the types itself; a build has `.js` beside this file. */
const SANDBOX = fileURLToPath(
  new URL(`./expression-sandbox${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);
const HEADER_BYTES = 5;

/**
 * One operating-system process that evaluates expressions, one at a time (the caller's duty: never two `run` at once).
 * It ends by `kill`, by running out of memory, or when this process is gone, however it went.
 */
export class ExpressionProcess {
  readonly #child: ChildProcess;
  readonly #chunks: Buffer[] = [];
  #received = 0;
  #answer: ((answer: ExpressionAnswer) => void) | undefined;
  #ended: ExpressionAnswer | undefined;

  /** `onEnd` is called once, after the current `run` was answered. */
  constructor(memoryMb: number, onEnd: () => void) {
    this.#child = startSandbox(memoryMb);
    this.#child.stdout!.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#child.stdin!.on('error', () => undefined); // the process ended: 'exit' says so
    const end = (signal: NodeJS.Signals | null) => {
      if (this.#ended) return;
      this.#ended = { kind: 'ended', signal };
      this.#settle(this.#ended);
      onEnd();
    };
    this.#child.on('exit', (_code, signal) => end(signal));
    this.#child.on('error', () => end(null));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  run(expression: string, inputJson: string): Promise<ExpressionAnswer> {
    if (this.#ended) return Promise.resolve(this.#ended);
    return new Promise((resolve) => {
      this.#answer = resolve;
      const expressionBytes = Buffer.byteLength(expression);
      const inputBytes = Buffer.byteLength(inputJson);
      const frame = Buffer.allocUnsafe(8 + expressionBytes + inputBytes);
      frame.writeUInt32LE(expressionBytes, 0);
      frame.writeUInt32LE(inputBytes, 4);
      frame.write(expression, 8);
      frame.write(inputJson, 8 + expressionBytes);
      this.#child.stdin!.write(frame);
    });
  }

  /** Ends it at once, whatever it is doing. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#received += chunk.length;
    if (this.#received < HEADER_BYTES) return;
    if (this.#chunks[0]!.length < HEADER_BYTES)
      this.#chunks.splice(0, this.#chunks.length, Buffer.concat(this.#chunks));
    const end = HEADER_BYTES + this.#chunks[0]!.readUInt32LE(1);
    if (this.#received < end) return;
    const frame = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks.length = 0;
    this.#received = 0;
    const text = frame.toString('utf8', HEADER_BYTES, end);
    const failed = frame.toString('latin1', 0, 1) === 'E';
    this.#settle(failed ? { kind: 'failure', reason: text } : { kind: 'output', outputJson: text });
  }

  #settle(answer: ExpressionAnswer): void {
    const settle = this.#answer;
    this.#answer = undefined;
    settle?.(answer);
  }
}

/** What takes a Node process the rights that JSONata has no use for; `--allow-worker` is for its guard (sandbox file). */
export function sandboxFlags(memoryMb: number): string[] {
  return [
    `--max-old-space-size=${memoryMb}`,
    '--max-semi-space-size=8',
    '--disallow-code-generation-from-strings',
    '--disable-proto=delete',
    '--no-warnings',
    '--permission',
    '--allow-worker',
  ];
}

/**
 * The shell only sets the core-dump limit (a process that runs out of memory aborts, and a dump would put tenants'
 * inputs on disk) and is then replaced by Node. No setting and no secret is passed on: the environment is empty.
 */
function startSandbox(memoryMb: number): ChildProcess {
  const jsonata = dirname(realpathSync(createRequire(import.meta.url).resolve('jsonata')));
  const readable = [`--allow-fs-read=${SANDBOX}`, `--allow-fs-read=${jsonata}/*`];
  const program = [process.execPath, ...sandboxFlags(memoryMb), ...readable, SANDBOX, String(memoryMb)];
  const command = ['-c', 'ulimit -c 0; exec "$0" "$@"', ...program];
  return spawn('/bin/sh', command, { env: {}, stdio: ['pipe', 'pipe', 'ignore'] });
}
