import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An upstream that answers when a test says so. */
export class WaitingUpstream {
  /** The calls that are not answered yet. */
  readonly waiting: { response: ServerResponse; runId: string }[] = [];
  private readonly server: Server = createServer((request, response) => {
    this.waiting.push({ response, runId: String(request.headers['x-tollgate-run-id']) });
  });

  static async listen(): Promise<WaitingUpstream> {
    const upstream = new WaitingUpstream();
    await once(upstream.server.listen(0, '127.0.0.1'), 'listening');
    return upstream;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`;
  }

  /** Nobody waits for an answer any more. */
  hangUp(): void {
    this.waiting.splice(0).forEach(({ response }) => response.destroy());
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
