import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from './own-process.js';
import { startRedis } from './redis-server.js';

async function ask(port: number, command: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(`${command}\r\n`);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return answer.toString().trim();
}

describe('a real Redis', () => {
  const dir = mkdtempSync(join(tmpdir(), 'tollgate-redis-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('answers, keeps what it was told over a restart in its folder, and leaves no process', async () => {
    const first = await startRedis({ dir });
    expect(await ask(first.port, 'SET colour blue')).toBe('+OK');
    await first.stop();
    expect(isAlive(first.pid)).toBe(false);
    const second = await startRedis({ dir, port: first.port });
    expect(await ask(second.port, 'GET colour')).toMatch(/blue$/);
    await second.stop();
    await second.stop();
    expect(isAlive(second.pid)).toBe(false);
  });

  test('given a password, it is ready all the same, and refuses who does not know it', async () => {
    const redis = await startRedis({ dir: join(dir, 'closed'), args: ['--requirepass', 'secret'] });
    expect(await ask(redis.port, 'GET colour')).toMatch(/^-NOAUTH/);
    await redis.stop();
  });

  test('given a port that is taken, it says what Redis said and leaves no process', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    await expect(startRedis({ dir: join(dir, 'taken'), port })).rejects.toThrow(/ended while it started.*bind/s);
    other.close();
  });

  test('given no redis-server, it says what to install', async () => {
    const { PATH } = process.env;
    process.env.PATH = dir;
    try {
      await expect(startRedis({ dir })).rejects.toThrow('apt-get install -y redis-server');
    } finally {
      process.env.PATH = PATH;
    }
  });
});
