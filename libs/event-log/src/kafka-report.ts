import type { LogEntry } from 'kafkajs';
import type { EventLogLogger } from './event-log-logger.js';

/** How long after its start a client finds out who leads what; topics and groups are made then, too. */
export const SETTLING_MS = 60_000;

/** Said by design here, or on every rebalance. */
const POINTLESS = /^(Limiting retries for the idempotent|The group is rebalancing|Crash: )/;

/** Brokers that do not know yet who leads a partition or a group that has just been made, or of two who make the same. */
const SETTLING =
  /does not host this topic-partition|no leader for this topic-partition|not the leader for that topic-partition|group coordinator is not available|Failed to find group coordinator|Topic creation errors|not the correct coordinator|coordinator is loading/;

/** Whether a fault is one that passes by itself, within seconds, where something has just been made or moved. */
export function isSettlingFault(text: string): boolean {
  return SETTLING.test(text);
}

/**
 * Passes on what the client library says, these fields alone: the rest may hold stacks and buffers. What every first start
 * brings is for who looks closer; after `SETTLING_MS` it is a warning like any other.
 */
export function reporter(log: EventLogLogger, nowMs: () => number = () => performance.now()) {
  const settledAtMs = nowMs() + SETTLING_MS;
  return ({ namespace, log: { message, error, broker, groupId, retryCount } }: LogEntry) => {
    if (POINTLESS.test(message)) return;
    const fault = typeof error === 'string' ? error : undefined;
    const isSettling = nowMs() < settledAtMs && isSettlingFault(`${message} ${fault}`);
    const detail = { kafka: namespace, broker, groupId, retryCount, fault };
    if (isSettling) log.debug?.(detail, message);
    else log.warn(detail, message);
  };
}
