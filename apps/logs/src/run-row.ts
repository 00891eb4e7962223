import { clientProgramOf, keptClientText } from '@tollgate/contracts';
import type { EventData, LoggedEvent, LogLevel } from '@tollgate/contracts';

type RunFinished = LoggedEvent<'RunFinished'>;

/** One row of the run log, column by column, as its event says. */
export interface RunRow {
  eventId: string;
  startedAt: string;
  /** Where that was not when it started. */
  admittedAt: string | null;
  runId: string;
  position: string;
  workspaceId: string;
  workspaceName: string;
  workflowId: string;
  workflowName: string;
  deploymentVersionId: string | null;
  keyId: string | null;
  keyName: string | null;
  keyKind: string | null;
  actorUserId: string | null;
  payerUserId: string;
  trigger: string;
  level: LogLevel;
  status: EventData<'RunFinished'>['status'];
  billable: boolean;
  endedAt: string;
  durationMs: number;
  costMicros: number;
  requestId: string;
  userAgent: string | null;
  clientInfo: string | null;
  clientName: string | null;
  clientVersion: string | null;
  /** When the fact was made: not when it was recorded, or a rebuilt log would differ. */
  createdAt: string;
  /** JSON. */
  input: string;
  output: string;
  error: string | null;
}

/**
 * The row of a run: a function of its event alone, so that the log can be rebuilt to the letter. A run that started and
 * did not succeed, and an attempt that was refused, are errors; a refused one costs nothing (contract B3.1 side effects).
 */
export function rowOf({ id, data, time, position }: RunFinished): RunRow {
  const userAgent = data.client.userAgent === null ? null : keptClientText(data.client.userAgent);
  const clientInfo = data.client.clientInfo === null ? null : keptClientText(data.client.clientInfo);
  const program = clientProgramOf({ userAgent, clientInfo });
  return {
    eventId: storable(id),
    startedAt: storableInstant(data.startedAt),
    admittedAt: data.admittedAt === undefined ? null : storableInstant(data.admittedAt),
    runId: storable(data.runId),
    position: position.toString(),
    workspaceId: storable(data.workspaceId),
    workspaceName: storable(data.workspaceName),
    workflowId: storable(data.workflowId),
    workflowName: storable(data.workflowName),
    deploymentVersionId: storable(data.deploymentVersionId),
    keyId: storable(data.keyId),
    keyName: storable(data.keyName),
    keyKind: data.keyKind,
    actorUserId: storable(data.actorUserId),
    payerUserId: storable(data.payerUserId),
    trigger: data.trigger,
    level: data.status === 'failed' || data.status === 'refused' ? 'error' : 'info',
    status: data.status,
    billable: data.billable,
    endedAt: storableInstant(data.endedAt),
    durationMs: data.durationMs,
    costMicros: data.billable ? data.costMicros : 0,
    requestId: storable(data.requestId),
    userAgent,
    clientInfo,
    clientName: program.name,
    clientVersion: program.version,
    createdAt: storableInstant(time),
    input: jsonText(data.input),
    output: jsonText(data.output),
    error: data.error === null ? null : jsonText(data.error),
  };
}

/** PostgreSQL's text holds no NUL: it becomes the replacement character, so that no run stops the recorder. */
function storable<T extends string | null>(text: T): T {
  if (text === null || (text.isWellFormed() && !text.includes('\0'))) return text;
  return text.toWellFormed().replaceAll('\0', '\ufffd') as T;
}

/** PostgreSQL knows no year 0, which the events' schema admits. */
const FIRST_INSTANT = '0001-01-01T00:00:00.000Z';

/** To the millisecond, as the cursors of the pages have it. */
function storableInstant(at: string): string {
  // What already is to the millisecond, and was checked to be a time, is taken as it came: this runs for every run.
  const text = at.length === 24 ? at : new Date(at).toISOString();
  return text < FIRST_INSTANT ? FIRST_INSTANT : text;
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch {
    // Nested deeper than this process can write.
    return '"[nested too deeply]"';
  }
}
