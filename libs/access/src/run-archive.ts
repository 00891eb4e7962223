import type { ArchivedRun, ArchivedRunQuestion } from '@tollgate/contracts';

/**
 * The log of runs, asked for one of them: by the logs service itself where it is in the process, over HTTP where it is not. A run
 * is in it within two seconds of its end. Whether somebody may see it is the asker's question.
 */
export abstract class RunArchive {
  /** The workspace's newest run of this id, of this payer where he is named. Rejects when the log cannot be asked. */
  abstract find(of: ArchivedRunQuestion): Promise<ArchivedRun | undefined>;
}
