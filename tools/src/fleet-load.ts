import { setTimeout as pause } from 'node:timers/promises';

const ANSWER_TIMEOUT_MS = 20_000;
/** After anything but a run, so that a fleet that is away is not hammered. */
const PAUSE_MS = 20;

export interface LoadTarget {
  baseUrls: readonly string[];
  workflowId: string;
  key: string;
}

/**
 * Steady load through every gateway, and the client's own record of what it was answered: what bill and log are held
 * against. Clients take turns at the gateways; one that does not answer is tried again.
 */
export class FleetLoad {
  /** Ids of the runs that were answered with 200. */
  readonly answered = new Set<string>();
  /** How many answers of each status; 0 stands for none. */
  readonly statuses = new Map<number, number>();
  private readonly clients: Promise<void>[];
  private isOver = false;
  private lastRunAtMs = 0;

  constructor(
    private readonly target: LoadTarget,
    clients: number,
  ) {
    this.clients = Array.from({ length: clients }, (_, nth) => this.client(nth));
  }

  /** On the monotonic clock: when a run was answered last. */
  get lastAnswerMs(): number {
    return this.lastRunAtMs;
  }

  /** Ends when every request under way has been answered or given up. */
  async stop(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.clients);
  }

  private async client(nth: number): Promise<void> {
    const { baseUrls } = this.target;
    for (let turn = nth; !this.isOver; turn += 1) {
      const { status, runId } = await execute({ ...this.target, baseUrl: baseUrls[turn % baseUrls.length] ?? '' });
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      if (status === 200 && runId !== undefined) {
        this.answered.add(runId);
        this.lastRunAtMs = performance.now();
      } else {
        await pause(PAUSE_MS);
      }
    }
  }
}

/** One run; status 0 when there was no answer. */
export async function execute({
  baseUrl,
  workflowId,
  key,
}: {
  baseUrl: string;
  workflowId: string;
  key: string;
}): Promise<{ status: number; runId?: string }> {
  try {
    const answer = await fetch(`${baseUrl}/api/workflows/${workflowId}/execute`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: '{}',
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    });
    const body = (await answer.json()) as { executionId?: string };
    return { status: answer.status, ...(body.executionId !== undefined && { runId: body.executionId }) };
  } catch {
    return { status: 0 };
  }
}
