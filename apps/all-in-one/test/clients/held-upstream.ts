import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An upstream that says nothing by itself: each call is handed to the test, which writes the answer piece by piece. */
export class HeldUpstream {
  private constructor(private readonly server: Server) {}

  static async listen(): Promise<HeldUpstream> {
    const server = createServer((request, reply) => {
      request.resume();
      reply.writeHead(200, { 'content-type': 'text/plain' });
      server.emit('held', reply);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new HeldUpstream(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** The next call; ask before it is made. */
  async next(): Promise<ServerResponse> {
    const [reply] = (await once(this.server, 'held')) as [ServerResponse];
    return reply;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
