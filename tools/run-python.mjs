import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, runQuietly } from './run-process.mjs';
import { expectSuccess, step } from './run-steps.mjs';

/** The generations of PyPI's `simstudio-sdk` that the platform must serve; a virtual environment each. */
const versions = ['0.1.0', '0.1.2', '0.2.1'];

/** Makes what is missing of `node_modules/.cache/tollgate-python/<version>`. Needs python3 with venv, and a package index. */
export async function preparePythonClients() {
  const folder = join(root, 'node_modules', '.cache', 'tollgate-python');
  const missing = versions.filter((version) => !existsSync(join(folder, version, 'complete')));
  if (missing.length === 0) return;
  mkdirSync(folder, { recursive: true });
  await step(`Python clients ${missing.join(', ')}`, async () => {
    for (const version of missing) {
      const home = join(folder, version);
      rmSync(home, { recursive: true, force: true });
      expectSuccess(await runQuietly('python3', ['-m', 'venv', home]));
      const pip = ['-m', 'pip', '--disable-pip-version-check', 'install', '--quiet', `simstudio-sdk==${version}`];
      expectSuccess(await runQuietly(join(home, 'bin', 'python'), pip));
      writeFileSync(join(home, 'complete'), '');
    }
  });
}
