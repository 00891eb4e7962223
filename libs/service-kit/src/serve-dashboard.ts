import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** The paths that the page itself routes. */
const PAGE_PATHS = ['/', '/sign-in', '/sign-up', '/w/*', '/invitations/*', '/cli/auth', '/operator'];
/** What `index.html` carries where the nonce of the answer belongs. */
const NONCE_PLACE = '__STYLE_NONCE__';
const ASSET_MAX_AGE_MS = 365 * 24 * 60 * 60 * 1000;
const SMALL_FILES: Record<string, string> = {
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * No inline script, no foreign origin, no frame around it. Style elements that the widgets make at run time carry the
 * nonce of this one answer; style attributes in markup stay refused.
 */
const policyOf = (nonce: string) =>
  [
    "default-src 'self'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');

const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};

/** Whether somebody has followed a link: programs, and everything below `/api`, keep the JSON 404. */
const isVisit = ({ method, url, headers }: FastifyRequest) =>
  (method === 'GET' || method === 'HEAD') &&
  !/^\/api(?![^/?])/.test(url) &&
  /\btext\/html\b/.test(headers.accept ?? '');

/**
 * Serves the built dashboard from `folder`: hashed assets to be kept for ever, and `index.html` for the paths that the
 * page routes by itself, never kept (so a page with a key shown once cannot be had back from a cache). A visit to an
 * address that nothing answers gets the page as well, with status 404: it says so itself. Call before `app.init()`.
 * Throws when the folder holds no built dashboard.
 */
export function serveDashboard(app: NestFastifyApplication, folder: string): void {
  const fastify = app.getHttpAdapter().getInstance() as unknown as FastifyInstance;
  const page = readFileSync(join(folder, 'index.html'), 'utf8');

  const sendPage = (_request: FastifyRequest, reply: FastifyReply) => {
    const nonce = randomBytes(16).toString('base64');
    return reply
      .headers({ ...ALWAYS, 'content-security-policy': policyOf(nonce), 'cache-control': 'no-store' })
      .type('text/html; charset=utf-8')
      .send(page.replaceAll(NONCE_PLACE, nonce));
  };
  for (const path of PAGE_PATHS) fastify.get(path, sendPage);
  fastify.addHook('onRequest', (request, reply, next) => {
    if (request.is404 && isVisit(request)) void sendPage(request, reply.status(404).header('vary', 'accept'));
    else next();
  });

  for (const name of readdirSync(folder)) {
    const type = SMALL_FILES[extname(name)];
    if (type === undefined) continue;
    const bytes = readFileSync(join(folder, name));
    fastify.get(`/${name}`, (_request, reply) =>
      reply
        .headers({ ...ALWAYS, 'cache-control': 'public, max-age=3600' })
        .type(type)
        .send(bytes),
    );
  }

  void fastify.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    decorateReply: false,
    index: false,
    preCompressed: true,
    immutable: true,
    maxAge: ASSET_MAX_AGE_MS,
    setHeaders: (reply) => {
      for (const [name, value] of Object.entries(ALWAYS)) void reply.header(name, value);
    },
  });
}
