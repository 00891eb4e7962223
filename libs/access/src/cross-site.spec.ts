import type { IncomingHttpHeaders } from 'node:http';
import { crossSiteFault } from './cross-site.js';

const OURS = 'https://tollgate.example';
const fault = (method: string, headers: IncomingHttpHeaders) =>
  crossSiteFault({ method, headers: { host: 'localhost:3000', ...headers } }, OURS);

describe('the defence against other sites', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('lets %s pass: it changes nothing', (method) => {
    expect(fault(method, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).toBeUndefined();
  });

  it.each<[string, IncomingHttpHeaders]>([
    ['our public origin', { origin: OURS }],
    ['the host that was asked', { origin: 'http://localhost:3000' }],
    ['no browser', {}],
    ['our own page without an origin', { 'sec-fetch-site': 'same-origin' }],
    ['the address bar', { 'sec-fetch-site': 'none' }],
  ])('lets a change from %s pass', (_, headers) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) expect(fault(method, headers)).toBeUndefined();
  });

  it.each<[string, IncomingHttpHeaders]>([
    ['another site', { origin: 'https://evil.example' }],
    ['a sandboxed frame', { origin: 'null' }],
    ['another port', { origin: 'http://localhost:3001' }],
    ['our name under another scheme', { origin: 'http://tollgate.example' }],
    ['a name that begins like ours', { origin: 'https://tollgate.example.evil.example' }],
    ['an odd scheme', { origin: 'chrome-extension://localhost:3000' }],
    ['an empty origin', { origin: '' }],
    ['two origins', { origin: `${OURS}, https://evil.example` }],
    ['another site without an origin', { 'sec-fetch-site': 'cross-site' }],
    ['a sister site without an origin', { 'sec-fetch-site': 'same-site' }],
    ['another site that pretends', { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }],
  ])('refuses a change from %s', (_, headers) => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) expect(fault(method, headers)).toBe('csrf');
  });

  it.each<[string | undefined, string | undefined]>([
    ['application/json', undefined],
    ['Application/JSON; charset=utf-8', undefined],
    ['text/plain', 'unsupportedMediaType'],
    ['application/x-www-form-urlencoded', 'unsupportedMediaType'],
    ['multipart/form-data; boundary=x', 'unsupportedMediaType'],
    ['application/json-patch+json', 'unsupportedMediaType'],
    [undefined, 'unsupportedMediaType'],
  ])('takes a body only as JSON: %s', (type, expected) => {
    expect(fault('POST', { 'content-length': '2', ...(type && { 'content-type': type }) })).toBe(expected);
    expect(fault('POST', { 'transfer-encoding': 'chunked', ...(type && { 'content-type': type }) })).toBe(expected);
  });

  it('asks for no content type without a body', () => {
    expect(fault('DELETE', {})).toBeUndefined();
    expect(fault('POST', { 'content-length': '0' })).toBeUndefined();
    expect(fault('POST', { 'content-type': 'text/plain' })).toBeUndefined();
  });
});
