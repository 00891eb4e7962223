import { randomBytes } from 'node:crypto';
import { loadConfig, PinoLog, type RunningService, startService } from '@tollgate/service-kit';
import { keys } from '../src/index.js';
import { Browser } from './browser.js';
import { type FreshDatabase, freshDatabase } from '@tollgate/testing';

export const MASTER_KEY = 'ab'.repeat(32);
export const PEPPER = 'pepper-of-the-tests-with-32-characters';
export const ADMIN_KEY = 'operator-key-of-the-tests';
export const PASSWORD = 'correct horse battery';

/** The keys service alone, on a database of its own. */
export class KeysUnderTest {
  private constructor(
    readonly database: FreshDatabase,
    readonly running: RunningService,
    private readonly settings: Record<string, string>,
  ) {}

  static async start(settings: Record<string, string> = {}, database?: FreshDatabase): Promise<KeysUnderTest> {
    const own = database ?? (await freshDatabase());
    const config = loadConfig({
      NODE_ENV: 'test',
      PORT: '0',
      DATABASE_URL: own.url,
      DATABASE_POOL_MAX: '8',
      MASTER_KEYS: MASTER_KEY,
      KEY_PEPPERS: PEPPER,
      AUTH_SECRET: 'auth-secret-of-the-tests-with-40-characters',
      ADMIN_API_KEY: ADMIN_KEY,
      SIGN_IN_TRIES_PER_MINUTE: '100000',
      ...settings,
    });
    return new KeysUnderTest(own, await startService([keys], config, new PinoLog('silent', 'keys')), settings);
  }

  /** Stops and starts again on the same database. */
  async restarted(): Promise<KeysUnderTest> {
    await this.running.stop();
    return KeysUnderTest.start(this.settings, this.database);
  }

  async dispose(): Promise<void> {
    await this.running.stop();
    await this.database.drop();
  }

  /** A browser in which nobody is signed in. */
  browser(): Browser {
    return new Browser(this.running.url);
  }

  /** A browser in which a new person is signed in. */
  async person(name = 'Ada'): Promise<Browser> {
    const browser = this.browser();
    const email = `${name.toLowerCase()}-${randomBytes(6).toString('hex')}@example.com`;
    const { user } = await browser.ok('POST', '/api/auth/sign-up/email', { name, email, password: PASSWORD });
    return Object.assign(browser, { userId: user.id as string, email });
  }

  operate(method: string, path: string, body?: unknown, key = ADMIN_KEY) {
    return this.browser().send(method, `/api/v1/admin${path}`, body, { 'x-admin-key': key });
  }

  async rows<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.pool.query<Row>(sql, values)).rows;
  }

  /** All facts of a type, oldest first. */
  async facts(type: string): Promise<Record<string, unknown>[]> {
    const { EventLog } = await import('@tollgate/event-log');
    const log = this.running.app.get(EventLog);
    const { CONTROL_TOPICS } = await import('@tollgate/contracts');
    const found: Record<string, unknown>[] = [];
    const name = `facts-${randomBytes(4).toString('hex')}`;
    const following = log.follow({
      name,
      topics: CONTROL_TOPICS,
      handle: (events) => {
        for (const event of events) if (event.type === type) found.push(event.data);
        return Promise.resolve();
      },
    });
    await following.caughtUp(5_000);
    await following.stop();
    return found;
  }
}
