import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const HOMES = join(import.meta.dirname, '../../../../node_modules/.cache/tollgate-python');
const PROGRAM = join(import.meta.dirname, '../python/sdk_calls.py');
const TIMEOUT_MS = 60_000;

export type PythonSdkVersion = '0.1.0' | '0.1.2' | '0.2.1';

export interface SdkCall {
  key: string;
  method: string;
  /** `$n.member` is what the n-th call returned there. */
  args?: unknown[];
  kwargs?: Record<string, unknown>;
  /** Repeats until that member of the value has one of these values. */
  wait?: [member: string, values: string[]];
}

/** What a caller of the SDK got: a value, or an exception's class, message, code and status. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- judged member by member in the tests
export type SdkOutcome = { ok: any } | { raised: string; message: unknown; code: string | null; status: number | null };

/** The Python that has this version of the SDK; `npm run test:clients` makes it. */
export function pythonWith(version: PythonSdkVersion): string {
  const home = join(HOMES, version);
  if (!existsSync(join(home, 'complete'))) throw new Error(`${home} is missing: npm run test:clients makes it`);
  return join(home, 'bin', 'python');
}

/** Makes the calls one after the other in one process with the unmodified SDK. */
export function callSdk(version: PythonSdkVersion, baseUrl: string, calls: SdkCall[]): Promise<SdkOutcome[]> {
  return new Promise((resolve, reject) => {
    const options = { timeout: TIMEOUT_MS, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(pythonWith(version), [PROGRAM], options, (error, stdout, stderr) => {
      if (error) reject(new Error(`${error.message}\n${stderr}`));
      else resolve(JSON.parse(stdout) as SdkOutcome[]);
    });
    child.stdin?.end(JSON.stringify({ baseUrl, calls }));
  });
}
