import { randomBytes } from 'node:crypto';
import { ADMIN_API_KEY } from './running-platform.js';

/** Where a person meets the platform: one address, or where services run apart the one that serves a path. */
export interface Place {
  readonly url: string;
  urlOf?(path: string): string;
}

const addressOf = (place: Place, path: string) => `${place.urlOf?.(path) ?? place.url}${path}`;

export interface Answer {
  status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are judged member by member in the tests
  body: any;
  headers: Headers;
}

/** One request, with whatever came back. */
export async function call(
  url: string,
  method: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(url, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return { status: response.status, body: isJson ? JSON.parse(text) : text, headers: response.headers };
}

export interface MadeKey {
  id: string;
  key: string;
}

/** A person at the platform: signed up, with a browser that keeps the session's cookies. */
export class Person {
  private readonly cookies = new Map<string, string>();
  readonly password = randomBytes(12).toString('hex');
  userId = '';

  private constructor(
    private readonly platform: Place,
    readonly email: string,
  ) {}

  static async signUp(platform: Place, name = 'Ada'): Promise<Person> {
    const email = `${name.toLowerCase()}-${randomBytes(6).toString('hex')}@example.com`;
    const person = new Person(platform, email);
    const { body, status } = await person.send('POST', '/api/auth/sign-up/email', {
      name,
      email,
      password: person.password,
    });
    if (status !== 200) throw new Error(`sign-up answered ${status}: ${JSON.stringify(body)}`);
    person.userId = body.user.id;
    return person;
  }

  /** As a browser sends it. */
  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  get cookieValues(): string[] {
    return [...this.cookies.values()];
  }

  async send(method: string, path: string, body?: unknown): Promise<Answer> {
    const { cookie } = this;
    const answer = await call(addressOf(this.platform, path), method, body, cookie === '' ? {} : { cookie });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const at = pair.indexOf('=');
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return answer;
  }

  /** Sends and insists on 200. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as `Answer.body`
  async ok(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await this.send(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async workspace(name = 'Workshop'): Promise<string> {
    return (await this.ok('POST', '/api/workspaces', { name })).workspace.id;
  }

  /** A deployed workflow; the default echoes its input. */
  async workflow(workspaceId: string, expression = '$', name = 'Echo'): Promise<string> {
    const runner = { kind: 'expression', expression };
    const { workflow } = await this.ok('POST', '/api/workflows', { workspaceId, name, runner });
    await this.ok('POST', `/api/workflows/${workflow.id}/deploy`);
    return workflow.id;
  }

  async personalKey(name = 'mine'): Promise<MadeKey> {
    return (await this.ok('POST', '/api/users/me/api-keys', { name })).key;
  }

  async workspaceKey(workspaceId: string, name = 'ours'): Promise<MadeKey> {
    return (await this.ok('POST', `/api/workspaces/${workspaceId}/api-keys`, { name })).key;
  }

  async join(workspaceId: string, person: Person, permission: 'admin' | 'write' | 'read'): Promise<void> {
    await this.ok('POST', `/api/workspaces/${workspaceId}/members`, { email: person.email, permission });
  }
}

/** A run by key. */
export function execute(
  platform: Place,
  workflowId: string,
  key: string,
  input: unknown = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  return call(addressOf(platform, `/api/workflows/${workflowId}/execute`), 'POST', input, {
    'x-api-key': key,
    ...headers,
  });
}

/** A GET by key. */
export function getWithKey(platform: Place, path: string, key: string): Promise<Answer> {
  return call(addressOf(platform, path), 'GET', undefined, { 'x-api-key': key });
}

/** An operator's request. */
export function operate(platform: Place, method: string, path: string, body?: unknown): Promise<Answer> {
  return call(addressOf(platform, `/api/v1/admin${path}`), method, body, { 'x-admin-key': ADMIN_API_KEY });
}
