import type { Service } from './service.js';

/** Which services run in this process: what one of them does differently when it is alone. */
export class HostedServices {
  private readonly names: ReadonlySet<Service['name']>;

  constructor(services: readonly Service[]) {
    this.names = new Set(services.map(({ name }) => name));
  }

  has(name: Service['name']): boolean {
    return this.names.has(name);
  }
}
