import { buildWhatChanged } from './run-build.mjs';
import { root, runQuietly, say } from './run-process.mjs';

const nx = 'node_modules/nx/dist/bin/nx.js';

export const hostProgram = 'apps/all-in-one/dist/main.js';

/** What each command runs on Node. */
export const stage = {
  build: [nx, 'run-many', '-t', 'build'],
  format: ['node_modules/prettier/bin/prettier.cjs', '--check', '.'],
  lint: [nx, 'run-many', '-t', 'lint'],
  jest: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
};

/** All that runs on Node is one program, which takes a quarter of the time that one for each project does. */
const programs = ['tsconfig.json', 'apps/dashboard/tsconfig.json', 'apps/dashboard/test/tsconfig.json'];

const needsServers = '\\.(int|e2e|kafka|redis|fleet|browser|pictures|clients)\\.spec\\.ts$';

/** Builds all projects; what has not changed is left alone. */
export async function build() {
  await step('build', () => buildWhatChanged(root, async () => expectSuccess(await runQuietly('node', stage.build))));
}

/** Everything that can be told without a server, cheapest first; stops at the first failure. */
export async function check(args) {
  if (args.length > 0) throw new Error('check takes no arguments');
  await step('format', async () => expectSuccess(await runQuietly('node', stage.format)));
  await step('lint', async () => {
    const result = await runQuietly('node', stage.lint);
    expectSuccess(result);
    if (result.output.includes('rule will be skipped')) throw new Failure(result.output, 'ESLint skipped a rule of nx');
  });
  await step('boundaries', provesBoundaries);
  await step('types', async () => {
    for (const program of programs) {
      expectSuccess(await runQuietly('node', ['node_modules/typescript7/bin/tsc', '-p', program]));
    }
  });
  await step('unit tests', async () => {
    const result = await runQuietly('node', [...stage.jest, '--testPathIgnorePatterns', needsServers], {
      environment: { TOLLGATE_UNIT_TESTS: '1' },
    });
    expectSuccess(result);
    say(result.output.trimEnd().split('\n').slice(-6).join('\n'));
  });
  return 0;
}

/**
 * The rule that keeps services apart passes everything when it finds no project graph, with a mere warning. So a
 * forbidden import, which is in no file, must be refused with the configuration and the graph that nx has just used.
 */
async function provesBoundaries() {
  const file = 'apps/gateway/src/boundary-probe.ts';
  const eslint = ['node_modules/eslint/bin/eslint.js', '--stdin', '--stdin-filename', file];
  const { output } = await runQuietly('node', eslint, { input: "import '@tollgate/billing';\n" });
  if (output.includes('@nx/enforce-module-boundaries') && output.includes('"layer:service" can only depend on')) return;
  throw new Failure(output, 'an import of one service by another was not refused by @nx/enforce-module-boundaries');
}

export class Failure extends Error {
  constructor(output, message) {
    super(message);
    this.output = output;
  }
}

export function expectSuccess({ code, output }) {
  if (code !== 0) throw new Failure(output, `exit code ${code}`);
}

/** One line when it is done; all it said only when it failed. */
export async function step(name, work) {
  const began = performance.now();
  const seconds = () => `${((performance.now() - began) / 1000).toFixed(1)} s`;
  try {
    await work();
    say(`${name} ok (${seconds()})`);
  } catch (error) {
    if (error instanceof Failure) process.stderr.write(`${error.output.trimEnd()}\n`);
    throw new Error(`${name} failed (${seconds()}): ${error.message}`, { cause: error });
  }
}
