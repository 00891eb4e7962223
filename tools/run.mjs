// The step before every npm command: plain Node, no packages, so that it works on a fresh clone with any Node >= 20.19.
// It installs what is missing, finds the pinned Node 24, builds, and hands over to the command itself.
import { availableParallelism } from 'node:os';
import { testClients } from './run-clients.mjs';
import { checkOwnNode, findNode } from './run-node.mjs';
import { install } from './run-install.mjs';
import { build, check, hostProgram, stage } from './run-steps.mjs';
import { runHere, runHosted, say } from './run-process.mjs';

const verbs = {
  /** The whole platform in one process; further arguments go to it. */
  start: async (args) => {
    await build();
    return runHosted(['--disable-warning=TimeoutNegativeWarning', hostProgram, ...args]);
  },
  /** All tests that need Node alone; some start the built platform, so it is built first. Arguments go to Jest. */
  test: async (args) => {
    await build();
    // One file more than there are cores: a test waits for its server as often as it computes.
    return runHere([...stage.jest, `--maxWorkers=${availableParallelism() + 1}`, ...args]);
  },
  /** The dashboard in a real Chromium, which must be installed. Arguments go to Jest. */
  'test:browser': (args) => inBrowser('\\.browser\\.spec\\.ts$', args),
  /** Draws the README's pictures of the dashboard anew; with `PICTURES=<folder>` all of its pages, to be looked at. */
  pictures: (args) => inBrowser('\\.pictures\\.spec\\.ts$', args),
  /** What runs on the fleet's parts: a real Kafka (Java 17 and Maven), Redis and PostgreSQL; and the dashboard on them, in Chromium. Arguments go to Jest. */
  'test:fleet': async (args) => {
    await build();
    return runHere([
      ...stage.jest,
      '--testMatch=**/*.{kafka,redis,fleet}.spec.ts',
      '--testPathIgnorePatterns=none',
      '--globalSetup=./tools/jest-fleet.mjs',
      ...args,
    ]);
  },
  /** The fleet under load, struck by every fault; needs what `test:fleet` needs, and PostgreSQL. */
  'test:faults': (args) => tool('faults', args),
  'test:clients': testClients,
  check,
  seed: (args) => tool('seed', args),
  tail: (args) => tool('tail', args),
  bench: (args) => tool('bench', args),
  /** After a change of events: brings what is said of them up to date, and refuses a break. */
  events: (args) => tool('events', args),
  /** Folds the whole log into an empty database and compares what comes out. */
  replay: async (args) => {
    await build();
    return runHere(['--disable-warning=TimeoutNegativeWarning', 'apps/all-in-one/dist/replay.js', ...args]);
  },
  /** Brings every record under the newest master key and pepper. */
  'rotate-secrets': (args) => tool('rotate-secrets', args),
  /** The distributed form: real Kafka, Redis and PostgreSQL, each service a process; it runs on when this returns. */
  stack: (args) => tool('stack', args),
  'stack:stop': (args) => tool('stack', ['stop', ...args]),
};

async function inBrowser(pattern, args) {
  await build();
  // They start the whole platform, with a database of its own: none of the tests' is needed.
  // Two files at a time: a page waits for its server as often as it computes.
  const jest = [...stage.jest, '--maxWorkers=2', '--testPathIgnorePatterns=none', '--testPathPatterns', pattern];
  return runHere([...jest, ...args], {
    TOLLGATE_UNIT_TESTS: '1',
  });
}

async function tool(name, args) {
  await build();
  return runHere(['--disable-warning=TimeoutNegativeWarning', `tools/dist/${name}.js`, ...args]);
}

try {
  checkOwnNode();
  const [name, ...args] = process.argv.slice(2);
  const verb = Object.hasOwn(verbs, name ?? '') ? verbs[name] : undefined;
  if (!verb) throw new Error(`usage: node tools/run.mjs ${Object.keys(verbs).join('|')} [arguments]`);
  await install();
  findNode();
  process.exitCode = await verb(args);
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
