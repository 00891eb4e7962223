import { LRUCache } from 'lru-cache';
import { ExpressionProcess, type ExpressionAnswer } from './expression-process.js';
import { secondsText } from './runner-result.js';
import type { Leaver } from './runs/leaver.js';

export interface ExpressionLimits {
  processes: number;
  memoryMb: number;
  timeoutMs: number;
  /** Evaluations that may wait for a process, and the characters of input they may hold together. */
  queueMax: number;
  queueCharactersMax: number;
}

export interface ExpressionTask {
  /** Whose work it is (the workflow): queues are served in turn by lane. */
  lane: string;
  expression: string;
  inputJson: string;
  /** The result is worth nothing after this many milliseconds, waiting included. */
  timeoutMs: number;
}

export type Evaluation =
  | { outcome: 'output'; outputJson: string }
  | { outcome: 'failed' | 'timedOut'; reason: string }
  | { outcome: 'cancelled' };

interface Waiting extends ExpressionTask {
  deadlineMs: number;
  attempts: number;
  waitTimer?: NodeJS.Timeout;
  settle(evaluation: Evaluation): void;
}

interface Slot {
  process?: ExpressionProcess;
  busy: boolean;
}

/** Lanes whose last evaluation ended by itself; the least recently used are forgotten, which only costs them speed. */
const TRUSTED_LANES_MAX = 10_000;
/** A process that somebody else ended says nothing about the expression: it is evaluated again, this often in all. */
const ATTEMPTS_MAX = 2;
/** How V8 ends a process that ran out of memory, and how the sandbox's own guard does. */
const OUT_OF_MEMORY = new Set<NodeJS.Signals | null>(['SIGABRT', 'SIGTRAP', 'SIGILL']);

/**
 * A bounded pool of expression processes. Guarantees: a process has one evaluation at a time, so whatever ends it ends
 * that one alone; a lane that is not known to end by itself has one process at a time, so that endless expressions of
 * one workflow leave the others to everybody else (with two processes or more); never rejects.
 */
export class ExpressionPool {
  readonly #limits: ExpressionLimits;
  readonly #slots: Slot[];
  /** Waiting tasks by lane; the first lane is served next and then goes to the back. */
  readonly #lanes = new Map<string, Waiting[]>();
  readonly #running = new Map<string, number>();
  readonly #trusted = new LRUCache<string, true>({ max: TRUSTED_LANES_MAX });
  #waiting = 0;
  #waitingCharacters = 0;
  #closed = false;

  constructor(limits: ExpressionLimits) {
    this.#limits = limits;
    this.#slots = Array.from({ length: limits.processes }, () => ({ busy: false }));
  }

  evaluate(task: ExpressionTask, ending?: Leaver): Promise<Evaluation> {
    if (ending?.destroyed) return Promise.resolve({ outcome: 'cancelled' });
    if (this.#closed) return Promise.resolve({ outcome: 'failed', reason: 'The gateway is shutting down' });
    return new Promise((resolve) => {
      const waiting: Waiting = {
        ...task,
        deadlineMs: performance.now() + task.timeoutMs,
        attempts: 0,
        settle: (evaluation) => {
          ending?.off('close', cancel);
          resolve(evaluation);
        },
      };
      // A running evaluation is not interrupted: its process ends it in bounded time, and a new one would cost more.
      const cancel = () => {
        this.#remove(waiting);
        waiting.settle({ outcome: 'cancelled' });
      };
      ending?.once('close', cancel);
      const slot = this.#mayStart(task.lane) ? this.#idleSlot() : undefined;
      if (slot) void this.#start(waiting, slot);
      else this.#enqueue(waiting);
    });
  }

  /** Ends all processes; what still ran or waited fails. */
  close(): void {
    this.#closed = true;
    for (const task of [...this.#lanes.values()].flat()) {
      this.#remove(task);
      task.settle({ outcome: 'failed', reason: 'The gateway is shutting down' });
    }
    for (const slot of this.#slots) slot.process?.kill();
  }

  #mayStart(lane: string): boolean {
    return this.#trusted.has(lane) || !this.#running.has(lane);
  }

  #idleSlot(): Slot | undefined {
    return this.#slots.find((slot) => !slot.busy && slot.process) ?? this.#slots.find((slot) => !slot.busy);
  }

  #enqueue(task: Waiting): void {
    const { queueMax, queueCharactersMax } = this.#limits;
    if (this.#waiting >= queueMax || this.#waitingCharacters + task.inputJson.length > queueCharactersMax) {
      task.settle({ outcome: 'failed', reason: 'Too many expressions are waiting to be evaluated' });
      return;
    }
    const lane = this.#lanes.get(task.lane);
    if (lane) lane.push(task);
    else this.#lanes.set(task.lane, [task]);
    this.#waiting += 1;
    this.#waitingCharacters += task.inputJson.length;
    task.waitTimer = setTimeout(() => {
      this.#remove(task);
      task.settle(timedOut(task.timeoutMs));
    }, task.deadlineMs - performance.now());
  }

  #remove(task: Waiting): void {
    const lane = this.#lanes.get(task.lane);
    const index = lane?.indexOf(task) ?? -1;
    if (!lane || index < 0) return;
    lane.splice(index, 1);
    if (lane.length === 0) this.#lanes.delete(task.lane);
    this.#waiting -= 1;
    this.#waitingCharacters -= task.inputJson.length;
    clearTimeout(task.waitTimer);
  }

  async #start(task: Waiting, slot: Slot): Promise<void> {
    const { memoryMb, timeoutMs } = this.#limits;
    slot.busy = true;
    task.attempts += 1;
    this.#running.set(task.lane, (this.#running.get(task.lane) ?? 0) + 1);
    const process = (slot.process ??= new ExpressionProcess(memoryMb, () => {
      if (slot.process === process) slot.process = undefined;
    }));
    const limitMs = Math.max(1, Math.min(timeoutMs, task.deadlineMs - performance.now()));
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.kill();
    }, limitMs);
    const answer = await process.run(task.expression, task.inputJson);
    clearTimeout(timer);
    this.#finish(task, slot);
    const evaluation = late ? timedOut(Math.min(timeoutMs, task.timeoutMs)) : this.#evaluationOf(answer, task);
    if (answer.kind === 'ended') this.#trusted.delete(task.lane);
    else this.#trusted.set(task.lane, true);
    if (evaluation) task.settle(evaluation);
    else this.#enqueue(task);
    this.#startWaiting();
  }

  #finish(task: Waiting, slot: Slot): void {
    slot.busy = false;
    const running = this.#running.get(task.lane)! - 1;
    if (running > 0) this.#running.set(task.lane, running);
    else this.#running.delete(task.lane);
  }

  /** Undefined: evaluate it again. */
  #evaluationOf(answer: ExpressionAnswer, task: Waiting): Evaluation | undefined {
    if (answer.kind === 'output') return { outcome: 'output', outputJson: answer.outputJson };
    if (answer.kind === 'failure') return { outcome: 'failed', reason: answer.reason };
    if (OUT_OF_MEMORY.has(answer.signal)) {
      return { outcome: 'failed', reason: `Expression exceeded its memory limit of ${this.#limits.memoryMb} MB` };
    }
    if (this.#closed) return { outcome: 'failed', reason: 'The gateway is shutting down' };
    if (task.attempts < ATTEMPTS_MAX) return undefined;
    return { outcome: 'failed', reason: 'Expression failed: its process ended unexpectedly' };
  }

  #startWaiting(): void {
    for (let slot = this.#idleSlot(); slot && !this.#closed; slot = this.#idleSlot()) {
      const lane = [...this.#lanes.keys()].find((name) => this.#mayStart(name));
      if (lane === undefined) return;
      const tasks = this.#lanes.get(lane)!;
      const task = tasks[0]!;
      this.#remove(task);
      if (tasks.length > 0) {
        this.#lanes.delete(lane);
        this.#lanes.set(lane, tasks);
      }
      void this.#start(task, slot);
    }
  }
}

function timedOut(limitMs: number): Evaluation {
  return { outcome: 'timedOut', reason: `Expression timed out after ${secondsText(limitMs)}` };
}
