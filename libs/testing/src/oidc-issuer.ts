import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface Somebody {
  sub: string;
  email: string;
  email_verified: boolean;
  name?: string;
}

interface Granted {
  redirectUri: string;
  challenge: string;
  nonce: string | undefined;
  who: Somebody;
}

export const CLIENT_ID = 'tollgate-of-the-tests';
export const CLIENT_SECRET = 'client-secret-of-the-tests';
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/**
 * A small OpenID Connect provider: discovery, keys, authorization code with PKCE, ID tokens signed with RS256. It lets
 * `who` in without asking, and insists on what a provider insists on.
 */
export class OidcIssuer {
  who: Somebody = { sub: 'somebody', email: 'somebody@example.com', email_verified: true, name: 'Some Body' };
  /** Signs ID tokens with a key that it does not publish, as a forger would. */
  forges = false;
  private readonly granted = new Map<string, Granted>();
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
  private readonly foreign = generateKeyPairSync('rsa', { modulusLength: 2048 });

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.answer(request, response));
  }

  static async start(): Promise<OidcIssuer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OidcIssuer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = new URL(request.url ?? '/', this.url);
    const json = (value: object, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    switch (asked.pathname) {
      case '/.well-known/openid-configuration':
        return void json({
          issuer: this.url,
          authorization_endpoint: `${this.url}/authorize`,
          token_endpoint: `${this.url}/token`,
          jwks_uri: `${this.url}/keys`,
          response_types_supported: ['code'],
          subject_types_supported: ['public'],
          id_token_signing_alg_values_supported: ['RS256'],
        });
      case '/keys':
        return void json({ keys: [{ ...this.keys.publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' }] });
      case '/authorize':
        return void this.authorize(asked.searchParams, response);
      case '/token': {
        let body = '';
        for await (const chunk of request) body += String(chunk);
        return void this.token(new URLSearchParams(body), request.headers.authorization, json);
      }
      default:
        return void json({}, 404);
    }
  }

  private authorize(asked: URLSearchParams, response: ServerResponse): void {
    const redirectUri = asked.get('redirect_uri') ?? '';
    const isWhole =
      asked.get('client_id') === CLIENT_ID &&
      asked.get('response_type') === 'code' &&
      asked.get('code_challenge_method') === 'S256' &&
      (asked.get('scope') ?? '').split(' ').includes('openid');
    if (!isWhole) return void response.writeHead(400).end();
    const code = randomBytes(16).toString('hex');
    const nonce = asked.get('nonce') ?? undefined;
    this.granted.set(code, { redirectUri, challenge: asked.get('code_challenge') ?? '', nonce, who: this.who });
    const back = new URL(redirectUri);
    back.searchParams.set('code', code);
    back.searchParams.set('state', asked.get('state') ?? '');
    response.writeHead(302, { location: back.href }).end();
  }

  private token(
    asked: URLSearchParams,
    authorization: string | undefined,
    json: (value: object, status?: number) => unknown,
  ): void {
    const code = asked.get('code') ?? '';
    const grant = this.granted.get(code);
    this.granted.delete(code);
    const basic = `Basic ${Buffer.from(`${CLIENT_ID}:${CLIENT_SECRET}`).toString('base64')}`;
    const isClient = authorization === basic || asked.get('client_secret') === CLIENT_SECRET;
    const challenge = createHash('sha256')
      .update(asked.get('code_verifier') ?? '')
      .digest('base64url');
    if (!grant || !isClient || grant.challenge !== challenge || grant.redirectUri !== asked.get('redirect_uri')) {
      return void json({ error: 'invalid_grant' }, 400);
    }
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: this.url, aud: CLIENT_ID, iat: now, exp: now + 300, nonce: grant.nonce, ...grant.who };
    const text = `${base64url({ alg: 'RS256', kid: 'one' })}.${base64url(claims)}`;
    const { privateKey } = this.forges ? this.foreign : this.keys;
    const idToken = `${text}.${sign('sha256', Buffer.from(text), privateKey).toString('base64url')}`;
    json({ access_token: 'access-token-of-the-provider', token_type: 'Bearer', expires_in: 300, id_token: idToken });
  }
}
