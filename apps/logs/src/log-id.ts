/** The id of a log entry is its run's, marked: a rebuilt log has the same ids, and an entry is found as its run is. */
const MARK = 'log_';

/** Longest run id (contract B3.1 `X-Execution-Id`). */
const RUN_ID_CHARACTERS_MAX = 128;

export function logIdOf(runId: string): string {
  return `${MARK}${runId}`;
}

/** Undefined when no entry can have this id. */
export function runIdOfLog(id: string): string | undefined {
  return id.startsWith(MARK) ? readRunId(id.slice(MARK.length)) : undefined;
}

/** Undefined when no run can have this id: empty, too long, or text that no table holds. */
export function readRunId(text: string): string | undefined {
  const fits = text.length > 0 && text.length <= RUN_ID_CHARACTERS_MAX && !text.includes('\0') && text.isWellFormed();
  return fits ? text : undefined;
}
