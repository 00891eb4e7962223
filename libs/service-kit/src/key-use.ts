import { Injectable } from '@nestjs/common';
import { newId } from '@tollgate/api-key';
import type { NewEvent } from '@tollgate/contracts';
import { EventLog } from '@tollgate/event-log';
import { LRUCache } from 'lru-cache';
import { Clock } from './clock.js';
import { Log } from './log.js';

/** A key's use is told at most once in this time (contract B1, `lastUsed`). */
export const KEY_USE_WINDOW_MS = 10 * 60 * 1000;
const KEYS_REMEMBERED_MAX = 100_000;
const WAITING_MAX = 10_000;
const FLUSH_MS = 500;
const BATCH_MAX = 1_000;

/**
 * Tells the log which keys authenticated. For display only, so it never holds a request back: what cannot be told
 * while the log is away is dropped past `WAITING_MAX`.
 */
@Injectable()
export class KeyUse {
  private readonly told = new LRUCache<string, number>({ max: KEYS_REMEMBERED_MAX });
  private waiting: { keyId: string; usedAtMs: number }[] = [];
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> | undefined;

  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
    private readonly output: Log,
  ) {}

  /** Notes that a key authenticated now. A map look-up for a key that was told of lately. */
  note(keyId: string): void {
    const nowMs = this.clock.nowMs();
    const last = this.told.get(keyId);
    if (last !== undefined && nowMs - last < KEY_USE_WINDOW_MS) return;
    this.told.set(keyId, nowMs);
    if (this.waiting.length >= WAITING_MAX) return;
    this.waiting.push({ keyId, usedAtMs: nowMs });
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flushing;
    await this.flush();
  }

  private async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const batch = this.waiting.splice(0, BATCH_MAX);
    if (batch.length === 0) return;
    this.flushing = this.log.publish(batch.map((use) => this.eventOf(use))).catch((error: Error) => {
      this.output.warn('key use was not told', { count: batch.length, fault: error.message });
    });
    await this.flushing;
    if (this.waiting.length > 0) this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS);
  }

  private eventOf({ keyId, usedAtMs }: { keyId: string; usedAtMs: number }): NewEvent {
    const usedAt = new Date(usedAtMs).toISOString();
    return {
      id: newId(),
      type: 'KeyUsed',
      source: '/tollgate/gateway',
      subject: keyId,
      time: usedAt,
      data: { keyId, usedAt },
    };
  }
}
