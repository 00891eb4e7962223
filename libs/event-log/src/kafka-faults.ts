/** What went wrong, without the client's wrappings. */
export function kafkaFault(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return kafkaFault(error.errors[0]);
  return error instanceof Error ? error.message || error.name : String(error);
}

/** Faults that no repetition mends: the broker refuses this very message, or us. */
const FINAL = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);

export function isFinalFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return FINAL.has((error as Error & { type?: string }).type ?? '') || isFinalFault(error.cause);
}

/** Faults of a broker that does not know yet, or no longer, who leads a partition. */
const PASSING = new Set(['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION']);

export function isPassingFault(error: unknown): boolean {
  return error instanceof Error && PASSING.has((error as Error & { type?: string }).type ?? '');
}
