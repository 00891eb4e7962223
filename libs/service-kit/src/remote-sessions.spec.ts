import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Clock } from './clock.js';
import { loadConfig } from './config.js';
import { InternalSecret } from './internal-secret.js';
import { RemoteSessions } from './remote-sessions.js';
import { PASS_MS, SessionPasses } from './session-pass.js';

const ADA = { userId: 'u1', email: 'ada@example.com', name: 'Ada' };
const SESSION = 'better-auth.session_token=live.signature';
const SECRET = 'internal-secret-of-the-tests-32-characters';

class HandTurned extends Clock {
  ms = Date.UTC(2026, 10, 27);
  override nowMs(): number {
    return this.ms;
  }
}

const secretOf = (INTERNAL_SECRET: string) => new InternalSecret({ INTERNAL_SECRET }, []);

describe('sessions of a service apart from keys', () => {
  let keys: Server;
  let asked: (string | undefined)[];
  let live: boolean;
  const clock = new HandTurned();
  const service = () => {
    const { port } = keys.address() as { port: number };
    const config = loadConfig({ KEYS_URL: `http://127.0.0.1:${port}`, INTERNAL_SECRET: SECRET });
    return new RemoteSessions(config, clock, secretOf(SECRET));
  };
  /** What the browser sends after it was given this cookie. */
  const with_ = (setCookie: string | undefined) => `${SESSION}; ${(setCookie ?? '').split(';')[0]}`;

  beforeEach(async () => {
    asked = [];
    live = true;
    keys = createServer((request, response) => {
      asked.push(request.headers.cookie);
      response.end(JSON.stringify(live ? { user: { id: ADA.userId, email: ADA.email, name: ADA.name } } : null));
    }).listen(0, '127.0.0.1');
    await once(keys, 'listening');
  });
  afterEach(async () => {
    keys.closeAllConnections();
    keys.close();
    await once(keys, 'close');
  });

  test('given a pass, every service knows the person without a call to keys', async () => {
    const { setCookie, ...person } = (await service().find(SESSION))!;

    expect(person).toEqual(ADA);
    expect(setCookie).toMatch(/^tollgate\.session_pass=[^;]+; Max-Age=60; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(await service().find(with_(setCookie))).toEqual(ADA);
    expect(await service().find(with_(setCookie))).toEqual(ADA);
    expect(asked).toEqual([SESSION]);
  });

  test('a session that ended at keys has ended here within a minute, and a live one is asked for once a minute', async () => {
    const { setCookie } = (await service().find(SESSION))!;
    live = false;
    clock.ms += PASS_MS - 1;
    expect(await service().find(with_(setCookie))).toEqual(ADA);
    clock.ms += 1;
    expect(await service().find(with_(setCookie))).toBeUndefined();
    expect(asked).toHaveLength(2);
  });

  test('nobody is signed in by a pass alone, nor by one of another session', async () => {
    const { setCookie } = (await service().find(SESSION))!;
    live = false;
    expect(await service().find(with_(setCookie).replace(SESSION, 'x=1'))).toBeUndefined();
    expect(await service().find(with_(setCookie).replace('live', 'other'))).toBeUndefined();
  });

  test('a client that keeps no cookies but its own is not asked for at each request', async () => {
    const one = service();
    await one.find(SESSION);
    await one.find(SESSION);
    expect(asked).toHaveLength(1);
  });

  test('without any session cookie nobody is asked', async () => {
    expect(await service().find('theme=dark')).toBeUndefined();
    expect(await service().find(undefined)).toBeUndefined();
    expect(asked).toEqual([]);
  });
});

describe('a session pass', () => {
  const nowMs = Date.UTC(2026, 10, 27);
  const passes = new SessionPasses(secretOf(SECRET), true);
  const cookie = passes.cookieOf(ADA, SESSION, nowMs)!;
  const sent = `${SESSION}; ${cookie.split(';')[0]}`;

  test('is good for its minute, and goes over encrypted lines alone where the platform does', () => {
    expect(cookie).toMatch(/; Secure$/);
    expect(passes.read(sent, nowMs)).toEqual(ADA);
    expect(passes.read(sent, nowMs + PASS_MS)).toBeUndefined();
    // Made by a clock that is far ahead, it would be good for too long.
    expect(passes.read(sent, nowMs - PASS_MS)).toBeUndefined();
  });

  test('is worth nothing when a byte of it is changed, or under another secret', () => {
    const at = sent.indexOf('session_pass=') + 'session_pass='.length;
    for (const place of [at, at + 20, sent.length - 2]) {
      const changed = sent.slice(0, place) + (sent[place] === 'A' ? 'B' : 'A') + sent.slice(place + 1);
      expect(passes.read(changed, nowMs)).toBeUndefined();
    }
    expect(new SessionPasses(secretOf(`${SECRET}-other`), true).read(sent, nowMs)).toBeUndefined();
  });

  test('made under an older pepper is taken while that pepper is still listed', () => {
    const [old, new_] = ['old-pepper-of-the-tests-with-32-chars', 'new-pepper-of-the-tests-with-32-chars'];
    const of = (peppers: string[]) =>
      new SessionPasses(new InternalSecret({ INTERNAL_SECRET: undefined }, peppers), false);
    const before = `${SESSION}; ${of([old]).cookieOf(ADA, SESSION, nowMs)!.split(';')[0]}`;
    expect(of([new_, old]).read(before, nowMs)).toEqual(ADA);
    expect(of([new_]).read(before, nowMs)).toBeUndefined();
  });
});
