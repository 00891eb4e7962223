import { Controller, Get, Injectable, Res } from '@nestjs/common';
import { Directory, PublicRoute } from '@tollgate/access';
import type { Following } from '@tollgate/event-log';
import type { FastifyReply } from 'fastify';
import type { Database, Databases } from './database.js';

export interface PartHealth {
  ok: boolean;
  [detail: string]: unknown;
}

/** Longest a single part may take to say how it is. */
const CHECK_TIMEOUT_MS = 2_000;

/** What this process is made of, each service's database included, and whether each part would answer correctly now. */
@Injectable()
export class Health {
  private readonly checks = new Map<string, () => PartHealth | Promise<PartHealth>>();

  constructor(
    directory: Directory,
    private readonly databases: Databases,
  ) {
    this.add('directory', () => {
      const { ready, position, reason } = directory.state();
      return { ok: ready, position: position.toString(), ...(reason && { reason }) };
    });
  }

  add(name: string, check: () => PartHealth | Promise<PartHealth>): void {
    this.checks.set(name, check);
  }

  /** A follower that failed makes the service not ready; one that lags or retries is shown. */
  addFollower(following: Following): void {
    this.add(`follower:${following.state().name}`, () => {
      const { status, position, head, error } = following.state();
      return {
        ok: status === 'running' || status === 'starting',
        status,
        position: position.toString(),
        head: head.toString(),
        ...(error && { error }),
      };
    });
  }

  async report(): Promise<{ ok: boolean; parts: Record<string, PartHealth> }> {
    const databases = this.databases.all.map(
      (database) => [`${database.schema}-database`, () => answers(database)] as const,
    );
    const entries = await Promise.all(
      [...this.checks, ...databases].map(async ([name, check]) => [name, await bounded(check)] as const),
    );
    return { ok: entries.every(([, part]) => part.ok), parts: Object.fromEntries(entries) };
  }
}

async function answers(database: Database): Promise<PartHealth> {
  await database.pool.query('SELECT 1');
  return { ok: true };
}

async function bounded(check: () => PartHealth | Promise<PartHealth>): Promise<PartHealth> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<PartHealth>((resolve) => {
    timer = setTimeout(
      () => resolve({ ok: false, reason: `no answer within ${CHECK_TIMEOUT_MS} ms` }),
      CHECK_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([Promise.resolve().then(check), late]);
  } catch (error) {
    return { ok: false, reason: (error as Error).message.slice(0, 200) };
  } finally {
    clearTimeout(timer);
  }
}

@Controller('health')
export class HealthController {
  constructor(private readonly health: Health) {}

  @Get('live')
  @PublicRoute()
  live(): { status: 'ok' } {
    return { status: 'ok' };
  }

  @Get('ready')
  @PublicRoute()
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const { ok, parts } = await this.health.report();
    void reply.status(ok ? 200 : 503).send({ status: ok ? 'ready' : 'not ready', parts });
  }
}
