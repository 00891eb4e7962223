import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { embeddedSecrets } from '@tollgate/service-kit';
import { freePort } from '@tollgate/testing';

/** What stays the same from one start of a stack to the next. */
export interface StackSettings {
  /** Settings of the services beside those that the stack makes itself, which win. */
  more: Readonly<Record<string, string>>;
  secrets: Record<'MASTER_KEYS' | 'KEY_PEPPERS' | 'AUTH_SECRET' | 'ADMIN_API_KEY', string>;
  /** The last port of each process by its name, where it is still free; else a new one. */
  portOf(name: string): Promise<number>;
}

/** Made at the first start in `dir`, read ever after: without its secrets no key in the database could be read again. */
export function stackSettings(dir: string, more: Readonly<Record<string, string>>): StackSettings {
  const keyFile = join(dir, 'admin-api-key');
  if (!existsSync(keyFile)) writeFileSync(keyFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  const secrets = { ...embeddedSecrets(dir), ADMIN_API_KEY: readFileSync(keyFile, 'utf8') };
  const portsFile = join(dir, 'ports.json');
  const ports = existsSync(portsFile) ? (JSON.parse(readFileSync(portsFile, 'utf8')) as Record<string, number>) : {};
  const portOf = async (name: string) => {
    const last = ports[name];
    const port = last !== undefined && (await isFree(last)) ? last : await freePort();
    ports[name] = port;
    writeFileSync(portsFile, JSON.stringify(ports));
    return port;
  };
  return { more, secrets, portOf };
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
