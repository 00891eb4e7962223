export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are judged member by member in the tests
  body: any;
}

/** A client that keeps cookies, like a person's browser. */
export class Browser {
  readonly cookies = new Map<string, string>();
  userId = '';
  email = '';

  constructor(readonly url: string) {}

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** Sends JSON, or a text as it is. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(this.cookies.size > 0 && { cookie: this.cookie }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.startsWith('application/json');
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : undefined };
  }

  /** Sends and insists on 200. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as `Answer.body`
  async ok(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await this.send(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  }

  async workspace(name = 'Workshop'): Promise<string> {
    return (await this.ok('POST', '/api/workspaces', { name })).workspace.id;
  }

  async join(workspaceId: string, other: Browser, permission: 'admin' | 'write' | 'read'): Promise<void> {
    await this.ok('POST', `/api/workspaces/${workspaceId}/members`, { email: other.email, permission });
  }

  async personalKey(name: string): Promise<{ id: string; key: string }> {
    return (await this.ok('POST', '/api/users/me/api-keys', { name })).key;
  }

  async workspaceKey(workspaceId: string, name: string): Promise<{ id: string; key: string }> {
    return (await this.ok('POST', `/api/workspaces/${workspaceId}/api-keys`, { name })).key;
  }

  private keep(line: string): void {
    const [pair = ''] = line.split(';');
    const at = pair.indexOf('=');
    const value = pair.slice(at + 1);
    if (value === '' || /max-age=0/i.test(line)) this.cookies.delete(pair.slice(0, at));
    else this.cookies.set(pair.slice(0, at), value);
  }
}
