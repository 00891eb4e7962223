import { Directory } from '@tollgate/access';
import { digestKey, mintKey } from '@tollgate/api-key';
import type { EventData, EventType, NewEvent, Topic } from '@tollgate/contracts';
import { topicOf } from '@tollgate/contracts';
import { EventLog, inPgTransaction, sqlOfPg } from '@tollgate/event-log';
import { loadConfig, PinoLog, startService } from '@tollgate/service-kit';
import { eventually } from '@tollgate/testing';
import { logs } from '../src/index.js';
import { LogsDatabase } from '../src/logs-database.js';
import { freshDatabase } from '@tollgate/testing';

const PEPPER = 'pepper-of-the-tests-with-32-characters';
const SOURCES: Partial<Record<Topic, string>> = { workflows: '/tollgate/gateway', runs: '/tollgate/gateway' };

/** The logs service alone on a database of its own; facts come by the event log, as they do from other services. */
export async function startLogs(settings: Record<string, string> = {}) {
  const own = await freshDatabase();
  const config = loadConfig({
    PORT: '0',
    DATABASE_URL: own.url,
    DATABASE_POOL_MAX: '5',
    KEY_PEPPERS: PEPPER,
    ...settings,
  });
  const running = await startService([logs], config, new PinoLog('silent', 'logs'));
  const log = running.app.get(EventLog);
  const { pool } = running.app.get(LogsDatabase);
  let nth = 0;

  /** Control facts: committed to the log and known to the directory. */
  const tell = async <T extends EventType>(type: T, data: Omit<EventData<T>, 'actor'>) => {
    const event = {
      id: `fact-${(nth += 1)}`,
      type,
      source: SOURCES[topicOf(type)] ?? '/tollgate/keys',
      subject: 'subject',
      time: new Date(Date.UTC(2026, 0, 1) + nth).toISOString(),
      data: { ...data, actor: { type: 'user', id: 'u1' } },
    } as unknown as NewEvent;
    const events = await inPgTransaction(pool, 'BEGIN', (client) => log.append(sqlOfPg(client), [event]));
    await running.app.get(Directory).apply(events);
  };

  const runs = async (...events: NewEvent<'RunFinished'>[]) => {
    await log.publish(events);
    const ids = events.map((event) => event.id);
    await eventually(async () => {
      const { rows } = await pool.query(`SELECT count(*)::int AS n FROM logs.run_ids WHERE event_id = ANY ($1)`, [ids]);
      expect(rows[0].n).toBe(ids.length);
    });
  };

  let keys = 0;
  const key = async (of: { ownerId: string } | { workspaceId: string }, expiresAt: string | null = null) => {
    const text = mintKey();
    const keyId = `key-${(keys += 1)}`;
    await tell('KeyCreated', {
      keyId,
      digest: digestKey(text, PEPPER),
      kind: 'ownerId' in of ? 'personal' : 'workspace',
      name: keyId,
      ownerId: 'ownerId' in of ? of.ownerId : null,
      workspaceId: 'workspaceId' in of ? of.workspaceId : null,
      displayKey: 'sk-sim-...test',
      expiresAt,
    });
    return {
      text,
      revoke: () =>
        tell('KeyRevoked', { keyId, digest: digestKey(text, PEPPER), revokedAt: '2026-11-03T00:00:00.000Z' }),
    };
  };

  const get = async (path: string, apiKey?: string) => {
    const response = await fetch(running.url + path, { headers: apiKey === undefined ? {} : { 'X-API-Key': apiKey } });
    // eslint-disable-next-line @typescript-eslint/no-explicit-any -- an answer is what the spec says it must be
    const body = (await response.json()) as any;
    return { status: response.status, headers: response.headers, body };
  };

  const person = (userId: string, plan: EventData<'UserRegistered'>['plan'] = 'enterprise') =>
    tell('UserRegistered', { userId, email: `${userId}@example.com`, name: userId, plan });
  const workspace = async (workspaceId: string, ownerId: string) => {
    await tell('WorkspaceCreated', {
      workspaceId,
      name: workspaceId,
      ownerId,
      billedAccountUserId: ownerId,
      allowPersonalApiKeys: true,
    });
    await tell('MemberAdded', { workspaceId, userId: ownerId, role: 'admin' });
  };

  return {
    running,
    tell,
    runs,
    key,
    get,
    person,
    workspace,
    stop: async () => {
      await running.stop();
      await own.drop();
    },
  };
}

export type LogsUnderTest = Awaited<ReturnType<typeof startLogs>>;
