/** A person's browser, as far as the management routes need one: keeps cookies, speaks JSON, says what went wrong. */
export class SessionClient {
  private readonly cookies = new Map<string, string>();

  /** `elsewhere`: paths that another process serves, where services run apart. */
  constructor(
    private readonly url: string,
    private readonly elsewhere: Record<string, string> = {},
  ) {}

  /** Throws with the route, the status and the answer when it is not 2xx. */
  async send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const other = Object.keys(this.elsewhere).find((prefix) => path.startsWith(prefix));
    const response = await fetch(`${other === undefined ? this.url : this.elsewhere[other]}${path}`, {
      method,
      headers: {
        cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';');
      const at = pair.indexOf('=');
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text.slice(0, 500)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}
