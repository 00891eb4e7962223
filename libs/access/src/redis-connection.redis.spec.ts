import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { eventually, freePort, OwnRedis, ownCertificate } from '@tollgate/testing';
import { digestNamed, story } from './directory-story.contract.js';
import { RedisConnection } from './redis-connection.js';
import { RedisDirectoryStore } from './redis-directory-store.js';
import { RIGHTS } from './redis-harness.contract.js';
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

  describe('with TLS and a user', () => {
    const certificate = ownCertificate();
    const ca = readFileSync(certificate.certificateFile, 'utf8');
    let redis: OwnRedis;
    let tlsPort: number;
    beforeAll(async () => {
      tlsPort = await freePort();
      redis = await OwnRedis.start(
        ...['--tls-port', `${tlsPort}`, '--tls-cert-file', certificate.certificateFile],
        ...['--tls-key-file', certificate.keyFile, '--tls-auth-clients', 'no'],
        ...`--user tollgate on >right-word ${RIGHTS}`.split(' '),
      );
    });
    afterAll(async () => {
      await redis?.dispose();
      certificate.dispose();
    });
    const at = (user: string, host = '127.0.0.1') => `rediss://${user}@${host}:${tlsPort}`;

    it('is opened by a user who has no more rights than he needs, and holds a directory', async () => {
      const opened = await RedisConnection.open({ url: at('tollgate:right-word'), ca });
      const store = new RedisDirectoryStore(opened);
      const heard = new Promise<void>((resolve) => void opened.listen(store.changesChannel, resolve));
      await store.begin(await store.mark());
      await store.apply(story());
      await heard;
      expect(await store.isWhole()).toBe(true);
      const names: string[] = [];
      for await (const { name } of store.held()) names.push(name);
      expect(names).toContain(`key:${digestNamed('shared')}`);
      await expect(opened.eval(EPOCH, ['other:epoch'], [])).rejects.toThrow(/No permission|NOPERM/i);
      opened.close();
    });

    it.each([
      ['a wrong password', () => at('tollgate:wrong-word'), true, /it refuses the user or password of the URL$/],
      ['an unknown user', () => at('other:right-word'), true, /it refuses the user or password of the URL$/],
      ['a certificate of nobody known', () => at('tollgate:right-word'), false, /TLS failed .*REDIS_CA_FILE names the/],
      [
        'another name than its certificate is for',
        () => at('tollgate:right-word', '127.1'),
        true,
        /its certificate is for other names/,
      ],
      ['no TLS', () => at('tollgate:right-word').replace('rediss', 'redis'), true, /the URL begins with rediss:\/\/$/],
      ['TLS for a port without', () => `rediss://127.0.0.1:${redis.port}`, true, /if it speaks no TLS, .* redis:\/\/$/],
    ])('given %s, says what to mend and no password', async (_, url, known, told) => {
      const fault = await faultOf(url(), known ? ca : undefined);
      expect(fault).toMatch(/^Cannot use REDIS_URL \(/);
      expect(fault).toMatch(told);
      expect(fault).not.toContain('-word');
    });
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
