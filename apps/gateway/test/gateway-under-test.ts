import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import { Directory, RunArchive, Sessions, type SignedIn } from '@tollgate/access';
import { digestKey, mintKey } from '@tollgate/api-key';
import type { ArchivedRun, EventData, EventType, LoggedEvent, NewEvent } from '@tollgate/contracts';
import { EventLog, type Following, inPgTransaction, sqlOfPg } from '@tollgate/event-log';
import { loadConfig, PinoLog, type RunningService, type Service, startService } from '@tollgate/service-kit';
import { gateway } from '../src/index.js';
import { type FreshDatabase, freshDatabase } from '@tollgate/testing';

const PEPPER = 'pepper-of-the-tests-with-32-characters';

/** A cookie `person=<id>` is that person's session. */
class TestSessions extends Sessions {
  override find(cookie: string | undefined): Promise<SignedIn | undefined> {
    const userId = /^person=(\w+)$/.exec(cookie ?? '')?.[1];
    return Promise.resolve(userId ? { userId, email: `${userId}@example.com`, name: userId } : undefined);
  }
}

/** Runs that the log of facts tells of, by id. */
const finished = new Map<string, ArchivedRun>();

class TestRunArchive extends RunArchive {
  override find({ workspaceId, runId }: { workspaceId: string; runId: string }): Promise<ArchivedRun | undefined> {
    const run = finished.get(runId);
    return Promise.resolve(run?.workspaceId === workspaceId ? run : undefined);
  }
}

@Global()
@Module({
  providers: [
    { provide: Sessions, useClass: TestSessions },
    { provide: RunArchive, useClass: TestRunArchive },
  ],
  exports: [Sessions, RunArchive],
})
class TestSessionsModule {}

const sessions: Service = {
  name: 'keys',
  module: TestSessionsModule,
  routes: [],
  required: [],
  providesSessions: true,
  providesRunArchive: true,
};

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // Tests look into answers of every shape.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any;
}

let factCount = 0;

/** The gateway on a database and a folder of its own, with a directory that tests write facts to. */
export class GatewayUnderTest {
  private following!: Following;
  /** Events of runs, as the log has them. */
  readonly runEvents: LoggedEvent[] = [];
  private readonly others: (() => Promise<void>)[] = [];

  private constructor(
    readonly database: FreshDatabase,
    readonly dataDir: string,
    private readonly settings: Record<string, string>,
    public running: RunningService,
  ) {
    this.follow();
  }

  static async start(settings: Record<string, string> = {}): Promise<GatewayUnderTest> {
    const database = await freshDatabase();
    const dataDir = mkdtempSync(join(tmpdir(), 'tollgate-gateway-'));
    return new GatewayUnderTest(database, dataDir, settings, await open(database.url, dataDir, settings));
  }

  /** Another gateway on the same database, with a folder of its own; stopped with this one. */
  async another(settings: Record<string, string> = this.settings): Promise<RunningService> {
    const dir = mkdtempSync(join(tmpdir(), 'tollgate-gateway-'));
    const running = await open(this.database.url, dir, settings);
    this.others.push(async () => {
      await running.stop();
      rmSync(dir, { recursive: true, force: true });
    });
    return running;
  }

  get url(): string {
    return this.running.url;
  }

  private follow(): void {
    this.runEvents.length = 0;
    this.following = this.running.app.get(EventLog).follow({
      name: `test-${(factCount += 1)}`,
      topics: ['usage', 'runs'],
      handle: (events) => {
        this.runEvents.push(...events);
        for (const { type, data } of events) {
          if (type === 'RunFinished') finished.set(data.runId, { ...data, output: data.output ?? null });
        }
        return Promise.resolve();
      },
    });
  }

  /** Stops and starts again on the same data. */
  async restart(settings: Record<string, string> = this.settings): Promise<void> {
    await this.following.stop();
    await this.running.stop();
    this.running = await open(this.database.url, this.dataDir, settings);
    this.follow();
  }

  async stop(): Promise<void> {
    for (const stop of this.others.splice(0)) await stop();
    await this.following.stop();
    await this.running.stop();
    await this.database.drop();
    rmSync(this.dataDir, { recursive: true, force: true });
  }

  /** A fact of another service: committed, and known to the directory. */
  async happened<T extends EventType>(type: T, data: Omit<EventData<T>, 'actor'>): Promise<void> {
    const event = {
      id: `fact-${(factCount += 1)}`,
      type,
      source: '/tollgate/keys',
      subject: 'test',
      time: new Date().toISOString(),
      data: { ...data, actor: { type: 'system', id: 'test' } },
    } as unknown as NewEvent;
    const log = this.running.app.get(EventLog);
    const logged = await inPgTransaction(this.database.pool, 'BEGIN', (client) => log.append(sqlOfPg(client), [event]));
    await this.running.app.get(Directory).apply(logged);
  }

  async user(userId: string, plan: 'free' | 'pro' = 'pro'): Promise<void> {
    await this.happened('UserRegistered', { userId, email: `${userId}@example.com`, name: userId, plan });
  }

  async workspace(workspaceId: string, ownerId: string, billedAccountUserId = ownerId): Promise<void> {
    const facts = { workspaceId, name: `Workspace ${workspaceId}`, ownerId, billedAccountUserId };
    await this.happened('WorkspaceCreated', { ...facts, allowPersonalApiKeys: true });
    await this.happened('MemberAdded', { workspaceId, userId: ownerId, role: 'admin' });
  }

  /** A new key's text. */
  async key(owner: { ownerId: string } | { workspaceId: string }, more: { expiresAt?: string } = {}): Promise<string> {
    const text = mintKey();
    await this.happened('KeyCreated', {
      keyId: `key-${(factCount += 1)}`,
      digest: digestKey(text, PEPPER),
      kind: 'ownerId' in owner ? 'personal' : 'workspace',
      name: 'CI',
      ownerId: 'ownerId' in owner ? owner.ownerId : null,
      workspaceId: 'workspaceId' in owner ? owner.workspaceId : null,
      displayKey: 'sk-sim-...abcd',
      expiresAt: more.expiresAt ?? null,
    });
    return text;
  }

  async revoke(key: string): Promise<void> {
    await this.happened('KeyRevoked', {
      keyId: 'any',
      digest: digestKey(key, PEPPER),
      revokedAt: new Date().toISOString(),
    });
  }

  /** How many events of a run the log of facts has. */
  async factsOf(runId: string): Promise<number> {
    const { rows } = await this.database.pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM event_log.facts WHERE subject = $1`,
      [runId],
    );
    return rows[0]!.count;
  }

  async send(method: string, path: string, headers: Record<string, string> = {}, body?: unknown): Promise<Answer> {
    const isJson = body !== undefined && typeof body !== 'string' && !Buffer.isBuffer(body);
    const response = await fetch(this.url + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: isJson ? JSON.stringify(body) : (body as string) }),
    });
    return answerOf(response.status, response.headers, await response.text());
  }

  /** A request with headers that fetch would not send. */
  sendRaw(method: string, path: string, headers: string[], body = ''): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = request(this.url + path, { method, headers }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () =>
          resolve(answerOf(response.statusCode ?? 0, new Headers(response.headers as Record<string, string>), text)),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  as(userId: string) {
    const cookie = { cookie: `person=${userId}` };
    return (method: string, path: string, body?: unknown) => this.send(method, path, cookie, body);
  }

  /** A deployed workflow's id. */
  async deployed(userId: string, workspaceId: string, runner: object | string = '$'): Promise<string> {
    const draft = typeof runner === 'string' ? { kind: 'expression', expression: runner } : runner;
    const created = await this.as(userId)('POST', '/api/workflows', { workspaceId, name: 'Echo', runner: draft });
    const id = created.json.workflow.id as string;
    await this.as(userId)('POST', `/api/workflows/${id}/deploy`);
    return id;
  }

  execute(workflowId: string, key: string | undefined, body: unknown = {}, headers: Record<string, string> = {}) {
    const path = `/api/workflows/${workflowId}/execute`;
    return this.send('POST', path, { ...(key !== undefined && { 'x-api-key': key }), ...headers }, body);
  }
}

/** A run by key at another gateway than the one under test. */
export async function executeAt(
  url: string,
  workflowId: string,
  key: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  const response = await fetch(`${url}/api/workflows/${workflowId}/execute`, {
    method: 'POST',
    headers: { 'x-api-key': key, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return answerOf(response.status, response.headers, await response.text());
}

function answerOf(status: number, headers: Headers, text: string): Answer {
  const isJson = headers.get('content-type')?.startsWith('application/json') === true;
  return { status, headers, text, json: isJson ? JSON.parse(text) : undefined };
}

function open(databaseUrl: string, dataDir: string, settings: Record<string, string>): Promise<RunningService> {
  const config = loadConfig({
    NODE_ENV: 'test',
    PORT: '0',
    DATABASE_URL: databaseUrl,
    DATABASE_POOL_MAX: '4',
    DATA_DIR: dataDir,
    KEY_PEPPERS: PEPPER,
    MASTER_KEYS: 'ab'.repeat(32),
    ...settings,
  });
  return startService([sessions, gateway], config, new PinoLog('silent', 'gateway'));
}
