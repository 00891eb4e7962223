import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, '../../../docs/requests.http');

export interface WrittenRequest {
  /** `POST /api/workspaces`, as it is written. */
  title: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
}

/** The requests of `docs/requests.http` in their order: method and address, headers, an empty line, a body. */
export function writtenRequests(): WrittenRequest[] {
  const blocks = readFileSync(FILE, 'utf8').split(/^###.*$/m);
  return blocks.flatMap((block) => {
    const [head = '', ...bodies] = block.trim().split(/\n\s*\n/);
    const [first = '', ...headers] = head.split('\n').filter((line) => !line.startsWith('@'));
    const [, method, path] = /^([A-Z]+) \{\{host\}\}(\/\S*)$/.exec(first) ?? [];
    if (method === undefined || path === undefined) return [];
    const pairs = headers.map((line) => line.split(/:\s*/, 2) as [string, string]);
    return [
      {
        title: `${method} ${path}`,
        method,
        path,
        headers: Object.fromEntries(pairs),
        body: bodies.length === 0 ? undefined : bodies.join('\n\n'),
      },
    ];
  });
}
