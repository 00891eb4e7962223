import { Controller, Get, Header, Param } from '@nestjs/common';
import {
  AccessSettings,
  ApiKeyRoute,
  type Caller,
  CurrentCaller,
  decideWorkspaceAccess,
  Directory,
  jobAccessProblem,
  memberRef,
} from '@tollgate/access';
import { codeOfText, type jobStatusSchema, Problem } from '@tollgate/contracts';
import type { z } from 'zod';
import { type Job, type JobState } from './job.js';
import { JobBook } from './job-book.js';

type JobStatus = z.infer<typeof jobStatusSchema>;

const NOT_FOUND = 'Task not found';
const STATUS_WORDS: Record<JobState, JobStatus['status']> = {
  queued: 'pending',
  running: 'processing',
  completed: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** `GET /api/jobs/{id}` (contract B3.4): what became of a queued run, until a day after its end. */
@Controller('api/jobs')
export class JobsController {
  constructor(
    private readonly jobs: JobBook,
    private readonly directory: Directory,
    private readonly settings: AccessSettings,
  ) {}

  @Get(':id')
  @ApiKeyRoute('jobs')
  @Header('content-type', 'application/json; charset=utf-8')
  async status(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<string> {
    const job = await this.jobs.find(id);
    if (!job) throw new Problem('notFound', { text: NOT_FOUND, code: codeOfText(NOT_FOUND) });
    await this.requireAccess(job.workspaceId, caller);
    const output = job.state === 'completed' || job.state === 'failed' ? await this.jobs.outputOf(job) : undefined;
    // The output is spliced in as it was put out: it may be large, and is JSON already.
    const head = JSON.stringify(statusOf(job)).slice(0, -1);
    return output === undefined ? `${head}}` : `${head},"output":${output}}`;
  }

  private async requireAccess(workspaceId: string, caller: Caller): Promise<void> {
    const workspace = await this.directory.read('workspace', workspaceId);
    const { ownerId } = caller;
    const member = ownerId === null ? undefined : await this.directory.read('member', memberRef(workspaceId, ownerId));
    const { payerRule } = this.settings;
    const access = decideWorkspaceAccess({ caller, workspaceId, workspace, member, needed: 'read', payerRule });
    if (!access.allowed) throw jobAccessProblem(access.refusal);
  }
}

function statusOf(job: Job): Omit<JobStatus, 'output'> {
  const { workflowId, workspaceId, runId, requestId, trigger } = job;
  return {
    success: true,
    taskId: job.id,
    status: STATUS_WORDS[job.state],
    metadata: {
      workflowId,
      workspaceId,
      userId: job.userId,
      correlation: { executionId: runId, requestId, source: 'workflow', workflowId, triggerType: trigger },
      createdAt: job.queuedAt.toISOString(),
      ...(job.startedAt && { startedAt: job.startedAt.toISOString() }),
      ...(job.endedAt && { completedAt: job.endedAt.toISOString(), duration: job.durationMs ?? 0 }),
    },
    ...(job.error && { error: job.error.message }),
  };
}
