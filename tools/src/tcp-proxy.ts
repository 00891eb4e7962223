import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A line between a process and a server that can be cut: while it is, nothing passes and nobody is told. */
export interface TcpProxy {
  port: number;
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** What watches one connection: gives of the data what may pass. */
export interface Passage {
  toServer(data: Buffer): Buffer;
  toClient(data: Buffer): Buffer;
  ended(): void;
}

/** Listens on a free port of the loopback and passes on to `port`; a connection ends at both ends when it does at one. */
export async function tcpProxy(port: number, passage?: () => Passage): Promise<TcpProxy> {
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const through = passage?.();
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      if (isCut) socket.pause();
    }
    const pass = (from: Socket, to: Socket, passing = (data: Buffer) => data) => {
      from.on('data', (data) => {
        const passed = passing(data);
        if (passed.length > 0 && !to.write(passed)) from.pause();
      });
      to.on('drain', () => void (isCut || from.resume()));
      from.once('close', () => {
        open.delete(from);
        through?.ended();
        to.destroy();
      });
    };
    pass(near, far, through?.toServer.bind(through));
    pass(far, near, through?.toClient.bind(through));
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
