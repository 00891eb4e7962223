import { LRUCache } from 'lru-cache';
import { UpstreamFault } from './upstream-fault.js';
import type { UpstreamGuard } from './upstream-guard.js';

/** A checked URL in the parts that a request is made of. */
export interface UpstreamTarget {
  href: string;
  origin: string;
  path: string;
}

const TARGETS_MAX = 1_000;

/**
 * The URLs of workflows, read and checked once. That answers only what the text alone tells; what a name resolves to is
 * checked at each connection.
 */
export class UpstreamTargets {
  private readonly known = new LRUCache<string, UpstreamTarget>({ max: TARGETS_MAX });

  constructor(private readonly guard: UpstreamGuard) {}

  /** Throws `UpstreamFault` for a URL that may not be called. */
  of(text: string): UpstreamTarget {
    let target = this.known.get(text);
    if (!target) this.known.set(text, (target = this.checked(text)));
    return target;
  }

  /** Where a redirect leads. Throws `UpstreamFault` for a URL that may not be called. */
  redirected(location: string, from: UpstreamTarget): UpstreamTarget {
    return this.checked(location, from.href);
  }

  private checked(text: string, base?: string): UpstreamTarget {
    const url = URL.parse(text, base);
    const fault = url ? this.guard.checkUrl(url.href) : 'URL is not valid';
    if (!url || fault !== undefined) throw new UpstreamFault(fault ?? 'URL is not valid');
    return { href: url.href, origin: url.origin, path: url.pathname + url.search };
  }
}
