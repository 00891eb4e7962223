import { Catch, Controller, Get, Module, Post } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { digestKey, mintKey } from '@tollgate/api-key';
import { Problem, isV2Path, problemBody } from '@tollgate/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ACCESS_PROVIDERS } from './access-providers.js';
import { AccessSettings } from './access-settings.js';
import { logged } from './directory-story.contract.js';
import { Directory } from './directory.js';
import type { Caller } from './key-authenticator.js';
import { MemoryCounters, MemoryQuota } from './memory-admission.js';
import { MemoryDirectory } from './memory-directory.js';
import { parsePlans } from './plans.js';
import { Quota } from './quota.js';
import { AdminRoute, ApiKeyRoute, CurrentCaller, CurrentUser, PublicRoute, SessionRoute } from './route-words.js';
import { Sessions } from './sessions.js';
import type { SignedIn } from './sessions.js';

const PEPPER = 'p'.repeat(32);
const personalKey = mintKey();
const secondPersonalKey = mintKey();
const workspaceKey = mintKey();

@Controller()
class SampleController {
  @Get('api/v1/logs')
  @ApiKeyRoute('logs')
  logs(@CurrentCaller() caller: Caller) {
    return { keyId: caller.keyId };
  }

  @Get('api/v2/logs')
  @ApiKeyRoute('v2')
  logsV2(@CurrentCaller() caller: Caller) {
    return { data: caller.keyId };
  }

  @Get('api/users/me/usage-limits')
  @ApiKeyRoute('usageLimits')
  usageLimits(@CurrentCaller() caller: Caller) {
    return { keyId: caller.keyId };
  }

  @Get('api/workspaces')
  @SessionRoute()
  read(@CurrentUser() user: SignedIn) {
    return { userId: user.userId };
  }

  @Post('api/workspaces')
  @SessionRoute()
  change(@CurrentUser() user: SignedIn) {
    return { userId: user.userId };
  }

  @Post('api/v1/admin/users')
  @AdminRoute()
  operate() {
    return { success: true };
  }

  @Get('open')
  @PublicRoute()
  open() {
    return { open: true };
  }
}

/** Writes problems as the one filter of the platform does. */
@Catch()
class ProblemsFilter implements ExceptionFilter {
  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const { url } = host.switchToHttp().getRequest<FastifyRequest>();
    if (!(error instanceof Problem)) return void reply.code(500).send({ error: String(error) });
    const { headers = {}, retryAfterSeconds } = error.options;
    if (retryAfterSeconds) reply.header('retry-after', retryAfterSeconds);
    reply
      .code(error.status)
      .headers(headers)
      .send(problemBody(error, isV2Path(url)));
  }
}

class CookieSessions extends Sessions {
  override find(cookie: string | undefined): Promise<SignedIn | undefined> {
    const userId = /^session=(\w+)$/.exec(cookie ?? '')?.[1];
    return Promise.resolve(userId ? { userId, email: `${userId}@example.com`, name: userId } : undefined);
  }
}

let app: NestFastifyApplication;
let directory: MemoryDirectory;

async function start({ adminApiKey }: { adminApiKey: string | undefined }): Promise<void> {
  directory = new MemoryDirectory();
  directory.markReady();
  const key = { name: 'n', displayKey: '…', expiresAt: null };
  await directory.apply([
    logged(1, 'UserRegistered', { userId: 'u1', email: 'a@example.com', name: 'A', plan: 'free' }),
    logged(2, 'WorkspaceCreated', {
      workspaceId: 'w1',
      name: 'W',
      ownerId: 'u1',
      billedAccountUserId: 'u1',
      allowPersonalApiKeys: true,
    }),
    ...[personalKey, secondPersonalKey].map((text, nth) =>
      logged(3 + nth, 'KeyCreated', {
        ...key,
        keyId: `k${nth === 0 ? 1 : 3}`,
        kind: 'personal',
        ownerId: 'u1',
        workspaceId: null,
        digest: digestKey(text, PEPPER),
      }),
    ),
    logged(5, 'KeyCreated', {
      ...key,
      keyId: 'k2',
      kind: 'workspace',
      ownerId: null,
      workspaceId: 'w1',
      digest: digestKey(workspaceKey, PEPPER),
    }),
  ]);
  const settings: AccessSettings = {
    publicUrl: 'https://tollgate.example/',
    adminApiKey,
    peppers: [PEPPER],
    keyPrefix: 'sk-sim-',
    payerRule: 'key-type',
    trustedProxies: [],
  };
  const counters = new MemoryCounters({ plans: parsePlans('{"free":{"apiPerMinute":1}}') });
  @Module({
    controllers: [SampleController],
    providers: [
      { provide: Directory, useValue: directory },
      { provide: AccessSettings, useValue: settings },
      { provide: Quota, useValue: new MemoryQuota(counters) },
      { provide: Sessions, useClass: CookieSessions },
      ...ACCESS_PROVIDERS,
    ],
  })
  class SampleModule {}
  const built = await Test.createTestingModule({ imports: [SampleModule] }).compile();
  app = built.createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  app.useGlobalFilters(new ProblemsFilter());
  await app.init();
}

async function call(method: 'GET' | 'POST', url: string, headers: Record<string, string> = {}, payload?: string) {
  const answer = await app.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
  return { status: answer.statusCode, body: answer.json() as unknown, headers: answer.headers };
}

beforeEach(() => start({ adminApiKey: 'operator' }));
afterEach(() => app.close());

describe('a route for API keys', () => {
  it('lets a usable key in, whatever the case of the header, and says what is left', async () => {
    const answer = await call('GET', '/api/v1/logs?limit=1', { 'X-API-KEY': personalKey });
    expect(answer).toMatchObject({ status: 200, body: { keyId: 'k1' } });
    expect(answer.headers).toMatchObject({ 'x-ratelimit-limit': '2', 'x-ratelimit-remaining': '1' });
    expect(answer.headers['x-ratelimit-reset']).toMatch(/^\d{4}-.*Z$/);
  });

  it('refuses without a usable key, in the words of the route and without rate headers', async () => {
    const missing = await call('GET', '/api/v1/logs', { 'x-api-key': '', authorization: `Bearer ${personalKey}` });
    expect(missing).toMatchObject({ status: 401, body: { error: 'API key required', code: 'UNAUTHORIZED' } });
    expect(Object.keys(missing.headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    const unknown = await call('GET', '/api/v2/logs', { 'x-api-key': mintKey() });
    expect(unknown).toMatchObject({
      status: 401,
      body: { error: { code: 'UNAUTHORIZED', message: 'Invalid API key' } },
    });
    expect(unknown.headers['www-authenticate']).toBe('SimApiKey realm="Sim API", header="x-api-key"');
    expect(await call('GET', '/api/users/me/usage-limits')).toMatchObject({
      status: 401,
      body: { code: 'AUTHENTICATION_REQUIRED' },
    });
  });

  it('takes no session for a key', async () => {
    expect(await call('GET', '/api/v1/logs', { cookie: 'session=u1' })).toMatchObject({ status: 401 });
  });

  it('answers 429 when the bucket is empty: the owner of a personal key has one, the workspace another', async () => {
    const key = { 'x-api-key': personalKey };
    await call('GET', '/api/v1/logs', key);
    await call('GET', '/api/v2/logs', key);
    const limited = await call('GET', '/api/v1/logs', key);
    expect(limited).toMatchObject({ status: 429, body: { error: 'Rate limit exceeded', code: 'RATE_LIMIT_EXCEEDED' } });
    expect(limited.headers).toMatchObject({ 'retry-after': '60', 'x-ratelimit-remaining': '0' });
    expect(await call('GET', '/api/v2/logs', key)).toMatchObject({
      status: 429,
      body: { error: { code: 'RATE_LIMITED' } },
    });
    expect(await call('GET', '/api/v1/logs', { 'x-api-key': workspaceKey })).toMatchObject({ status: 200 });
    expect(await call('GET', '/api/users/me/usage-limits', key)).toMatchObject({ status: 200 });
  });

  it('takes of the key’s own bucket in v2 as well, where the tighter one counts', async () => {
    const key = { 'x-api-key': personalKey };
    await call('GET', '/api/v2/logs', key);
    const other = { 'x-api-key': secondPersonalKey };
    expect((await call('GET', '/api/v1/logs', other)).headers['x-ratelimit-remaining']).toBe('0');
    // His second key has tokens of its own; there is none left of his.
    const limited = await call('GET', '/api/v2/logs', other);
    expect(limited).toMatchObject({
      status: 429,
      body: { error: { code: 'RATE_LIMITED', message: 'API rate limit exceeded' } },
    });
    expect(limited.headers).toMatchObject({ 'retry-after': '60', 'x-ratelimit-limit': '2' });
  });

  it('without counters lets v1 go on and refuses v2', async () => {
    app.get(Quota).take = () => Promise.reject(new Error('the counters are away'));
    const key = { 'x-api-key': personalKey };
    const open = await call('GET', '/api/v1/logs', key);
    expect([open.status, open.headers['x-ratelimit-limit']]).toEqual([200, undefined]);
    const closed = { status: 503, headers: { 'retry-after': '5' } };
    expect(await call('GET', '/api/v2/logs', key)).toMatchObject(closed);
    expect(await call('GET', '/api/v2/logs', { 'x-api-key': mintKey() })).toMatchObject(closed);
  });

  it('answers 503, not 401, when the directory cannot know', async () => {
    directory.markUnready('flushed');
    const answer = await call('GET', '/api/v1/logs', { 'x-api-key': personalKey });
    expect(answer).toMatchObject({
      status: 503,
      body: { code: 'SERVICE_UNAVAILABLE' },
      headers: { 'retry-after': '5' },
    });
  });
});

describe('a route for people', () => {
  const cookie = { cookie: 'session=u1' };

  it('lets a signed-in person in', async () => {
    expect(await call('GET', '/api/workspaces', cookie)).toMatchObject({ status: 200, body: { userId: 'u1' } });
    const own = { ...cookie, origin: 'https://tollgate.example', 'content-type': 'application/json' };
    expect(await call('POST', '/api/workspaces', own, '{}')).toMatchObject({ status: 201, body: { userId: 'u1' } });
  });

  it('refuses everybody else alike, a key too', async () => {
    const unauthorized = { status: 401, body: { error: 'Unauthorized', code: 'UNAUTHORIZED' } };
    expect(await call('GET', '/api/workspaces')).toMatchObject(unauthorized);
    expect(await call('GET', '/api/workspaces', { 'x-api-key': personalKey })).toMatchObject(unauthorized);
    expect(await call('GET', '/api/workspaces', { cookie: 'session=' })).toMatchObject(unauthorized);
    await directory.apply([logged(9, 'UserSuspended', { userId: 'u1' })]);
    expect(await call('GET', '/api/workspaces', cookie)).toMatchObject(unauthorized);
  });

  it('refuses a change from another site, and a body that is not JSON', async () => {
    const evil = await call('POST', '/api/workspaces', { ...cookie, origin: 'https://evil.example' });
    expect(evil).toMatchObject({ status: 403, body: { code: 'CSRF' } });
    const plain = await call('POST', '/api/workspaces', { ...cookie, 'content-type': 'text/plain' }, '{}');
    expect(plain).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
  });
});

describe('a route for the operator', () => {
  it('takes the admin key and nothing else', async () => {
    expect(await call('POST', '/api/v1/admin/users', { 'x-admin-key': 'operator' })).toMatchObject({ status: 201 });
    const wrong: Record<string, string>[] = [
      {},
      { 'x-admin-key': 'operato' },
      { 'x-admin-key': '' },
      { 'x-api-key': 'operator' },
    ];
    for (const headers of wrong) {
      const answer = await call('POST', '/api/v1/admin/users', headers);
      expect(answer).toMatchObject({ status: 401, body: { error: 'Unauthorized' } });
    }
  });

  it.each([undefined, ''])('is not there without an admin key (%p)', async (adminApiKey) => {
    await app.close();
    await start({ adminApiKey });
    for (const presented of ['', 'operator', 'undefined']) {
      const answer = await call('POST', '/api/v1/admin/users', { 'x-admin-key': presented });
      expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }
  });
});

describe('a public route', () => {
  it('is for anybody', async () => {
    expect(await call('GET', '/open')).toMatchObject({ status: 200, body: { open: true } });
  });
});
