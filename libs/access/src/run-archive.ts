import type { EventData } from '@tollgate/contracts';

/** A run that is over, as the log of runs has it. */
export type ArchivedRun = Pick<
  EventData<'RunFinished'>,
  | 'runId'
  | 'workspaceId'
  | 'workflowId'
  | 'trigger'
  | 'status'
  | 'startedAt'
  | 'endedAt'
  | 'durationMs'
  | 'costMicros'
  | 'error'
> & {
  /** What it put out; a note of its size where it was too much to be kept. */
  output: unknown;
};

/**
 * The log of runs, asked for one of them: by the logs service itself where it is in the process, over HTTP where it is not. A run
 * is in it within two seconds of its end. Whether somebody may see it is the asker's question.
 */
export abstract class RunArchive {
  /** The workspace's newest run of this id. Rejects when the log cannot be asked. */
  abstract find(of: { workspaceId: string; runId: string }): Promise<ArchivedRun | undefined>;
}
