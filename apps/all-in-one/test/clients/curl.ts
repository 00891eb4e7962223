import { execFile, spawn } from 'node:child_process';

export interface CurlAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- judged member by member in the tests
  json: any;
}

/** One request by the real curl; `body` goes in by stdin. */
export function curl(url: string, args: string[] = [], body?: string | Buffer): Promise<CurlAnswer> {
  const all = ['-sS', '-i', '--max-time', '30', ...args, ...(body === undefined ? [] : ['--data-binary', '@-']), url];
  return new Promise((resolve, reject) => {
    const child = execFile('curl', all, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout) => {
      if (error) reject(error);
      else resolve(answerOf(stdout));
    });
    child.stdin?.on('error', () => undefined).end(body);
  });
}

function answerOf(text: string): CurlAnswer {
  let rest = text;
  let head = '';
  do {
    const end = rest.indexOf('\r\n\r\n');
    [head, rest] = [rest.slice(0, end), rest.slice(end + 4)];
  } while (head.startsWith('HTTP/1.1 100'));
  const [line = '', ...fields] = head.split('\r\n');
  const headers = Object.fromEntries(
    fields.map((field) => [field.slice(0, field.indexOf(':')).toLowerCase(), field.slice(field.indexOf(':') + 2)]),
  );
  const isJson = headers['content-type']?.includes('json') === true;
  return { status: Number(line.split(' ')[1]), headers, body: rest, json: isJson ? JSON.parse(rest) : undefined };
}

/** A stream as curl prints it: one frame after the other, as each arrives. Ends curl when it is left. */
export async function* curlFrames(url: string, args: string[]): AsyncGenerator<string> {
  const child = spawn('curl', ['-sSN', '--max-time', '30', ...args, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    let text = '';
    for await (const chunk of child.stdout) {
      text += String(chunk);
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        yield text.slice(0, end);
        text = text.slice(end + 2);
      }
    }
  } finally {
    child.kill();
  }
}
