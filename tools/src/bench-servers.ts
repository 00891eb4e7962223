import { createServer } from 'node:http';
import { startEmbeddedDatabase } from '@tollgate/service-kit';
import Fastify from 'fastify';

/**
 * The servers that the bench needs beside the platform, each as a process of its own: `floor` is a bare Fastify route that
 * parses a body and answers JSON, which is the most that a framework leaves to win; `upstream` is what an `http`
 * workflow forwards to; `database` is an embedded PostgreSQL. Prints its port or address.
 */
const [role, folder = ''] = process.argv.slice(2);
const ANSWER = JSON.stringify({ success: true, output: { message: 'hello' } });

if (role === 'floor') {
  const fastify = Fastify();
  fastify.post('/api/workflows/:id/execute', (request) => ({ success: true, output: request.body }));
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  const address = fastify.server.address() as { port: number };
  process.stdout.write(`${address.port}\n`);
} else if (role === 'database') {
  const log = { info: () => undefined, warn: (message: string) => process.stderr.write(`${message}\n`) };
  const database = await startEmbeddedDatabase({ dataDir: folder, log });
  process.stdout.write(`${database.url}\n`);
  process.once('SIGTERM', () => void database.stop().then(() => process.exit(0)));
} else {
  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    request.resume().on('end', () => {
      response.setHeader('content-type', 'application/json');
      response.end(ANSWER);
    });
  });
  server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as { port: number }).port}\n`));
}
