import { Injectable } from '@nestjs/common';
import { Problem } from '@tollgate/contracts';
import { isIPv6 } from 'node:net';
import type { KeyRefusal } from './key-authenticator.js';
import { Quota, type TakeAnswer } from './quota.js';
import { apiRateProblem } from './rate-headers.js';
import { type KeySurface, isV2Surface, keyProblem, UNAVAILABLE_RETRY_AFTER_SECONDS } from './refusals.js';

/** Most hextets of an IPv6 address that tell who it is: providers hand out nothing smaller than a /64. */
const NETWORK_HEXTETS = 4;

/**
 * What a call without a usable key is answered: 401, and in v2, once its address has sent too many of them, 429 (contract
 * B4 "pre-auth", A6 "Pre-auth bucket"). Only refused calls are counted, and a usable key never comes here: so nobody
 * locks out those who share his address. Fails closed: when the count cannot be had, that is the answer.
 */
@Injectable()
export class RefusedCalls {
  constructor(private readonly quota: Quota) {}

  async problemOf(
    refusal: KeyRefusal,
    surface: KeySurface,
    request: { ip: string; url: string },
    nowMs: number,
  ): Promise<Problem> {
    if (!isV2Surface(surface)) return keyProblem(refusal, surface);
    const { allowed, rate, retryAfterSeconds } = await this.counted(request.ip, nowMs);
    return allowed || rate === null
      ? keyProblem(refusal, surface)
      : apiRateProblem(rate, retryAfterSeconds, request.url);
  }

  private async counted(ip: string, nowMs: number): Promise<TakeAnswer> {
    try {
      return await this.quota.take({ bucket: 'address', bucketIds: [addressBucketIdOf(ip)], plan: 'free', nowMs });
    } catch (cause) {
      throw new Problem('unavailable', { retryAfterSeconds: UNAVAILABLE_RETRY_AFTER_SECONDS, cause });
    }
  }
}

/** An address's bucket: an IPv4 address has its own, mapped into IPv6 or not; of IPv6 a whole /64 shares one. */
export function addressBucketIdOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(ip)) return ip;
  const [head = '', tail] = ip.toLowerCase().split('%')[0]!.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const hextets = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${hextets
    .slice(0, NETWORK_HEXTETS)
    .map((hextet) => hextet.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
