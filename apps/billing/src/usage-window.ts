import { periodBounds, periodOf } from '@tollgate/access';
import { BILLING_WINDOW_DAYS_MAX, type FieldFault, Problem } from '@tollgate/contracts';

/** `from` inclusive, `to` exclusive. */
export interface UsageWindow {
  fromMs: number;
  toMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The window that a query means: up to now when `to` is not given, and from the begin of the UTC month in which the
 * window ends when `from` is not.
 */
export function usageWindow(query: { from?: number; to?: number }, nowMs: number): UsageWindow | FieldFault {
  const toMs = query.to ?? nowMs;
  const fromMs = query.from ?? periodBounds(periodOf(Math.max(0, toMs - 1))).startMs;
  if (fromMs >= toMs) return fault('from', 'from must be before to');
  if (toMs - fromMs > BILLING_WINDOW_DAYS_MAX * DAY_MS) {
    return fault('from', `from and to must be at most ${BILLING_WINDOW_DAYS_MAX} days apart`);
  }
  return { fromMs, toMs };
}

/** The window of a request; a wrong one is a 400 that names the field and the rule. */
export function windowOfRequest(query: { from?: number; to?: number }, nowMs: number): UsageWindow {
  const window = usageWindow(query, nowMs);
  if ('message' in window) throw new Problem('badRequest', { text: window.message, details: [window] });
  return window;
}

function fault(field: string, message: string): FieldFault {
  return { code: 'custom', path: [field], message };
}
