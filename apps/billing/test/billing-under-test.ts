import { Global, Module } from '@nestjs/common';
import { Directory, Sessions, type SignedIn } from '@tollgate/access';
import type { NewEvent } from '@tollgate/contracts';
import { EventLog, inPgTransaction, sqlOfPg } from '@tollgate/event-log';
import { loadConfig, PinoLog, type RunningService, type Service, startService } from '@tollgate/service-kit';
import { billing } from '../src/index.js';
import { ANNA, BORIS } from './billed-runs.js';
import { type FreshDatabase, freshDatabase } from '@tollgate/testing';

export const PEPPER = 'pepper-of-the-tests-with-32-characters';
export const ADMIN_KEY = 'operator-key-of-the-tests';

/** A cookie `person=<id>` is a session of Anna or Boris. */
class TestSessions extends Sessions {
  override find(cookieHeader: string | undefined): Promise<SignedIn | undefined> {
    return Promise.resolve([ANNA, BORIS].find(({ userId }) => cookieHeader === `person=${userId}`));
  }
}

@Global()
@Module({ providers: [{ provide: Sessions, useClass: TestSessions }], exports: [Sessions] })
class TestSessionsModule {}

const sessions: Service = {
  name: 'keys',
  module: TestSessionsModule,
  routes: [],
  required: [],
  providesSessions: true,
};

export interface BillingUnderTest {
  database: FreshDatabase;
  running: RunningService;
  log: EventLog;
  get(path: string, headers?: Record<string, string>): Promise<Answer>;
  put(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Control events: committed, and known to the directory. */
  happened(...events: NewEvent[]): Promise<void>;
  stop(): Promise<void>;
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  json: unknown;
}

export const asAnna = { cookie: 'person=anna' };
export const asBoris = { cookie: 'person=boris' };
export const asOperator = { 'x-admin-key': ADMIN_KEY };

/** The billing service on a database of its own, with a platform around it; `before` may prepare the database. */
export async function startBilling(
  settings: Record<string, string> = {},
  before: (database: FreshDatabase) => Promise<unknown> = () => Promise.resolve(),
): Promise<BillingUnderTest> {
  const database = await freshDatabase();
  await before(database);
  const config = loadConfig({
    NODE_ENV: 'test',
    PORT: '0',
    DATABASE_URL: database.url,
    DATABASE_POOL_MAX: '4',
    KEY_PEPPERS: PEPPER,
    ADMIN_API_KEY: ADMIN_KEY,
    ...settings,
  });
  const running = await startService([sessions, billing], config, new PinoLog('silent', 'billing'));
  const log = running.app.get(EventLog);
  const directory = running.app.get(Directory);
  const send = async (method: string, path: string, headers: Record<string, string>, body?: string) => {
    const response = await fetch(running.url + path, { method, headers, ...(body !== undefined && { body }) });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  };
  return {
    database,
    running,
    log,
    get: (path, headers = {}) => send('GET', path, headers),
    put: (path, body, headers = {}) =>
      send('PUT', path, { 'content-type': 'application/json', ...headers }, JSON.stringify(body)),
    happened: async (...events) => {
      const logged = await inPgTransaction(database.pool, 'BEGIN', (client) => log.append(sqlOfPg(client), events));
      await directory.apply(logged);
    },
    stop: async () => {
      await running.stop();
      await database.drop();
    },
  };
}
