import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { UPSTREAM_URL_LENGTH_MAX } from '@tollgate/contracts';
import ipaddr from 'ipaddr.js';

export const NOT_ALLOWED = 'Upstream address is not allowed';

/** Resolves a name to all its addresses, as `dns.lookup` with `all` does. Tests put their own in its place. */
export type AddressLookup = (
  hostname: string,
  callback: (error: Error | null, addresses: LookupAddress[]) => void,
) => void;

/** Why a connection was not made. */
export class UpstreamNotAllowed extends Error {
  constructor() {
    super(NOT_ALLOWED);
  }
}

/**
 * Checks an upstream's URL when a workflow is saved, as far as can be known then: scheme, no credentials, no private
 * or local address written as such. Names are checked again when they are resolved, at each connection (`UpstreamGuard`).
 * Answers what is wrong, or undefined. `allow` is UPSTREAM_ALLOW.
 */
export function checkUpstreamUrl(url: string, allow: readonly string[]): string | undefined {
  return new UpstreamGuard(allow).checkUrl(url);
}

/**
 * Keeps workflows away from addresses that only the platform's own network can reach (contract A1 row 9). What is not
 * public unicast is refused, whatever it is called, unless UPSTREAM_ALLOW names it: a CIDR or an address (for any name
 * that resolves into it), or a host, with a port or without (then wherever it resolves to).
 */
export class UpstreamGuard {
  readonly #ranges: [ipaddr.IPv4 | ipaddr.IPv6, number][] = [];
  readonly #hosts = new Set<string>();
  readonly #lookup: AddressLookup;

  constructor(allow: readonly string[], lookup: AddressLookup = lookupAll) {
    this.#lookup = lookup;
    for (const entry of allow) {
      if (ipaddr.isValidCIDR(entry)) this.#ranges.push(ipaddr.parseCIDR(entry));
      else if (isIP(entry)) this.#ranges.push([ipaddr.parse(entry), isIP(entry) === 4 ? 32 : 128]);
      else this.#hosts.add(entry.toLowerCase());
    }
  }

  /** What is wrong with a URL, or undefined. Host spellings (`0x7f.1`, `2130706433`) are compared as WHATWG reads them. */
  checkUrl(text: string): string | undefined {
    if (text.length > UPSTREAM_URL_LENGTH_MAX) return `URL must be at most ${UPSTREAM_URL_LENGTH_MAX} characters`;
    const url = URL.parse(text);
    if (!url) return 'URL is not valid';
    if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'URL must begin with http:// or https://';
    if (url.username !== '' || url.password !== '') return 'URL must not contain credentials';
    const host = bareHost(url.hostname);
    if (this.#allowsHost(host, portOf(url))) return undefined;
    if (isIP(host)) return this.#allowsAddress(host) ? undefined : NOT_ALLOWED;
    return /(^|\.)localhost$/.test(host) && !this.#allowsAddress('127.0.0.1') ? NOT_ALLOWED : undefined;
  }

  /**
   * A `lookup` for the sockets of one origin: it answers only addresses that may be reached, and those are the ones
   * that the socket then connects to, so a name that changes between check and use gains nothing. One refused address
   * among several refuses the name.
   */
  lookupFor(origin: URL): LookupFunction {
    const anywhere = this.#allowsHost(bareHost(origin.hostname), portOf(origin));
    return (hostname, options, callback) => {
      this.#lookup(hostname, (error, addresses) => {
        if (error) return callback(error, []);
        if (!anywhere && !addresses.every(({ address }) => this.#allowsAddress(address))) {
          return callback(new UpstreamNotAllowed(), []);
        }
        return answerLookup(addresses, options, callback);
      });
    };
  }

  #allowsHost(host: string, port: string): boolean {
    const written = isIP(host) === 6 ? `[${host}]` : host;
    return this.#hosts.has(host) || this.#hosts.has(`${written}:${port}`);
  }

  #allowsAddress(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text.split('%')[0]!); // an IPv4 address written as IPv6 is the IPv4 address
    return this.#ranges.some(([network, bits]) => inRange(address, network, bits)) || isPublic(address);
  }
}

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast';
  const embedded = embeddedIPv4(address);
  if (embedded) return embedded.range() === 'unicast';
  return inRange(address, ipaddr.parse('2000::'), 3) && address.range() === 'unicast';
}

/** The well-known NAT64 prefix leads to the IPv4 address in its last 32 bits (RFC 6052); public ones are reached so. */
function embeddedIPv4(address: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  if (!inRange(address, ipaddr.parse('64:ff9b::'), 96)) return undefined;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

function inRange(address: ipaddr.IPv4 | ipaddr.IPv6, network: ipaddr.IPv4 | ipaddr.IPv6, bits: number): boolean {
  if (address instanceof ipaddr.IPv4) return network instanceof ipaddr.IPv4 && address.match(network, bits);
  return network instanceof ipaddr.IPv6 && address.match(network, bits);
}

/** Without the brackets of IPv6 and the dot that ends a full name. */
function bareHost(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}

function lookupAll(hostname: string, callback: Parameters<AddressLookup>[1]): void {
  dnsLookup(hostname, { all: true }, callback);
}

/** Answers in the form that the socket asked for: all addresses, or the first of the family it wants. */
function answerLookup(
  addresses: LookupAddress[],
  options: LookupOptions,
  callback: Parameters<LookupFunction>[2],
): void {
  const wanted =
    options.family === 4 || options.family === 6 ? addresses.filter((a) => a.family === options.family) : addresses;
  const [first] = wanted;
  if (!first) return callback(Object.assign(new Error('No address'), { code: 'ENOTFOUND' }), []);
  return options.all ? callback(null, wanted) : callback(null, first.address, first.family);
}
