import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A line between a process and a server that can be cut: while it is, nothing passes and nobody is told. */
export interface TcpProxy {
  port: number;
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Listens on a free port of the loopback and passes on to `port`. */
export async function tcpProxy(port: number): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      if (isCut) socket.pause();
    }
    const pass = (from: Socket, to: Socket) => {
      from.on('data', (data) => void (to.write(data) || from.pause()));
      to.on('drain', () => void (isCut || from.resume()));
      from.once('close', () => {
        open.delete(from);
        to.destroy();
      });
    };
    pass(near, far);
    pass(far, near);
    if (isCut) for (const socket of [near, far]) socket.pause();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    cut: () => {
      isCut = true;
      for (const socket of open) socket.pause();
    },
    mend: () => {
      isCut = false;
      // What was held up is lost, as behind a cut cable that was found broken: both ends begin anew.
      for (const socket of open) socket.destroy();
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
