import { EventEmitter } from 'node:events';

/**
 * Whoever waits for a run and may leave before its end: a response whose client closes the connection (`ServerResponse`
 * is one as it is), or a `CancelSwitch`. The run ends when he leaves.
 */
export interface Leaver {
  readonly destroyed: boolean;
  once(event: 'close', left: () => void): unknown;
  off(event: 'close', left: () => void): unknown;
}

/** Ends a run that no connection waits for: one of the queue, or of a test. */
export class CancelSwitch extends EventEmitter implements Leaver {
  private isDestroyed = false;

  get destroyed(): boolean {
    return this.isDestroyed;
  }

  /** Once is enough; before the run starts is early enough. */
  cancel(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.emit('close');
  }
}
