import { RUN_BODY_BYTES_MAX } from '@tollgate/contracts';
import type { FastifyInstance } from 'fastify';

/**
 * Lets the routes of a scope have bodies of runs as the bytes that came, 10 MiB at most, and take JSON alone. They parse
 * once and by their own rules: a run's input is kept as text, and each surface refuses a broken body in its own shape.
 */
export function takeRawJson(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: RUN_BODY_BYTES_MAX },
    (_request, body, parsed) => parsed(null, body),
  );
}
