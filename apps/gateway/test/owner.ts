import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A service that a gateway passes on to, which does as each test says. */
export class Owner {
  handle: Handler = (_request, response) => response.end();
  private constructor(private readonly server: Server) {}

  static async start(): Promise<Owner> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const owner = new Owner(server);
    server.on('request', (asked: IncomingMessage, response: ServerResponse) => owner.handle(asked, response));
    return owner;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
