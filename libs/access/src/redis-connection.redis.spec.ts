import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually, freePort, OwnRedis } from '@tollgate/testing';
import { RedisConnection } from './redis-connection.js';
import { EPOCH } from './redis-directory-scripts.js';

describe('a connection to Redis', () => {
  const faultOf = async (url: string, ca?: string) =>
    RedisConnection.open({ url, ca }).then(
      (opened) => {
        opened.close();
        return 'opened';
      },
      (error: Error) => error.message,
    );

  it('says where nobody answers', async () => {
    const port = await freePort();
    expect(await faultOf(`redis://:hidden@127.0.0.1:${port}`)).toBe(
      `Cannot use REDIS_URL (redis://127.0.0.1:${port}): connect ECONNREFUSED 127.0.0.1:${port}`,
    );
  });

  it('says that the password is wrong or missing, and never which it was', async () => {
    const redis = await OwnRedis.start('--requirepass', 'right-word');
    const at = `127.0.0.1:${redis.port}`;
    const refused = `Cannot use REDIS_URL (redis://${at}): it refuses the user or password of the URL`;
    expect(await faultOf(`redis://:wrong-word@${at}`)).toBe(refused);
    expect(await faultOf(`redis://${at}`)).toBe(refused);
    expect(await faultOf(`redis://:right-word@${at}`)).toBe('opened');
    await redis.dispose();
  });

  it('takes no Redis that would throw entries away', async () => {
    const redis = await OwnRedis.start('--maxmemory-policy', 'allkeys-lru');
    expect(await faultOf(redis.url)).toMatch(/its maxmemory-policy allkeys-lru .* set it to noeviction$/);
    await redis.dispose();
  });

  it('takes no Redis that is too old, and says which it found', async () => {
    const redis = await OwnRedis.start();
    // No old server is at hand: a line to a real one on which it calls itself older, letter for letter as long.
    const line = createServer((client) => {
      const server = connect(redis.port, '127.0.0.1');
      client.pipe(server).on('data', (chunk: Buffer) => {
        client.write(chunk.toString('latin1').replace(/(redis_version:)\d/, '$15'), 'latin1');
      });
      for (const [end, other] of [[client, server] as const, [server, client] as const]) {
        end.on('error', () => undefined).on('close', () => other.destroy());
      }
    }).listen(0, '127.0.0.1');
    await once(line, 'listening');
    const { port } = line.address() as AddressInfo;
    expect(await faultOf(`redis://127.0.0.1:${port}`)).toMatch(/it is Redis 5\.[\d.]+; 6\.2 or newer is needed$/);
    line.close();
    await redis.dispose();
  });

  it('takes no replica', async () => {
    const primary = await OwnRedis.start();
    const replica = await OwnRedis.start('--replicaof', `127.0.0.1 ${primary.port}`);
    expect(await faultOf(replica.url)).toMatch(/it is a replica; name the primary$/);
    await replica.dispose();
    await primary.dispose();
  });

  it('speaks TLS, and says when it does not know who signed the certificate', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'tollgate-tls-'));
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    const self = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
    const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    execFileSync('openssl', [...self, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const port = await freePort();
    const redis = await OwnRedis.start(
      ...['--tls-port', `${port}`, '--tls-cert-file', cert, '--tls-key-file', key, '--tls-auth-clients', 'no'],
    );
    const url = `rediss://127.0.0.1:${port}`;
    expect(await faultOf(url)).toMatch(/TLS failed .*REDIS_CA_FILE names the authority/);
    expect(await faultOf(url, readFileSync(cert, 'utf8'))).toBe('opened');
    await redis.dispose();
    rmSync(dir, { recursive: true, force: true });
  });

  it('fails at once while Redis is away, and knows when another run of it has come back', async () => {
    const redis = await OwnRedis.start();
    const connection = await RedisConnection.open({ url: redis.url });
    const before = connection.runId;
    expect(await connection.eval(EPOCH, ['nothing'], [])).toBe('');
    await redis.kill();
    await eventually(() => expect(connection.runId).toBeUndefined());
    await expect(connection.eval(EPOCH, ['nothing'], [])).rejects.toThrow('Redis is unavailable');
    await redis.again();
    await eventually(async () => expect(await connection.eval(EPOCH, ['nothing'], [])).toBe(''));
    expect(connection.runId).not.toBe(before);
    connection.close();
    await redis.dispose();
  });
});
