import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '@tollgate/service-kit';
import { eventually } from '@tollgate/testing';
import { callOf, ended } from '../test/expression-call.js';
import { sandboxFlags } from './expression-process.js';
import { ExpressionRunner } from './expression-runner.js';

/** Tries, inside the sandbox's rights, what an expression that broke out of JSONata would try. */
const PROBE = `
  import { readFileSync, writeFileSync } from 'node:fs';
  import { execFileSync } from 'node:child_process';
  const outcomeOf = (attempt) => { try { attempt(); return 'done'; } catch (error) { return error.code ?? error.name; } };
  process.stdout.write(JSON.stringify({
    env: Object.keys(process.env),
    read: outcomeOf(() => readFileSync('/etc/hosts')),
    write: outcomeOf(() => writeFileSync('/tmp/x', '')),
    spawn: outcomeOf(() => execFileSync('/bin/true')),
    code: outcomeOf(() => Function('return 1')()),
  }));
`;

/** A gateway in small: it has an endless expression evaluated, says where, and is killed. */
const ORPHANING = `
  const { ExpressionProcess } = await import(process.argv[1]);
  const sandbox = new ExpressionProcess(64, () => undefined);
  await sandbox.run('1', '{}');
  void sandbox.run('( $f := function(){ $f() }; $f() )', '{}');
  process.stdout.write(String(sandbox.pid), () => process.kill(process.pid, 'SIGKILL'));
`;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8')); // a zombie that nobody has collected yet
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux';
  }
}

describe('what an expression cannot reach', () => {
  let runner: ExpressionRunner;
  beforeAll(() => {
    runner = new ExpressionRunner(loadConfig({ EXPRESSION_WORKERS: '1' }));
  });
  afterAll(() => runner.onApplicationShutdown());
  const run = (expression: string, input?: Record<string, unknown>) => runner.run(callOf(expression, input));

  it.each([
    '"x".constructor',
    '$.constructor',
    '$$.__proto__',
    '$sum.constructor',
    '$sum.implementation',
    'toString',
    '$lookup($, "__proto__")',
    '$lookup($sum, "implementation")',
    '$keys($sum)',
    '$lookup("x", "constructor")',
    '$spread($)',
    '$.process',
    '$process',
    '$globalThis',
    '$env',
    '$eval("$process")',
    '($f := function($x){1}; $f.environment)',
    '$lookup(function($x){1}, "environment")',
    '$lookup([], "push")',
    '/a/.constructor',
    '$lookup(/a/, "constructor")',
  ])('%s is nothing', async (expression) => {
    expect(ended(await run(expression))).toEqual(null);
  });

  it('a run leaves nothing behind for the next', async () => {
    const attempts = [
      '$ ~> | $ | {"__proto__": {"polluted": 1}} |',
      '$merge([{"__proto__": {"polluted": 1}}, {"constructor": {"prototype": {"polluted": 1}}}])',
      '($sum := function($x){ "hijacked" }; $polluted := 1; $sum([1]))',
      '$ ~> | constructor.prototype | {"polluted": 1} |',
      '$each($sum, function($v, $k){ $v })',
    ];
    for (const attempt of attempts) await runner.run(callOf(attempt, { a: {} }));
    expect(
      ended(
        await runner.run(
          callOf('[$exists(polluted), $exists(a.polluted), $exists($polluted), $sum([1, 2])]', { a: {} }),
        ),
      ),
    ).toEqual([false, false, false, 3]);
  });

  it('functions forged in the input are data', async () => {
    const forged = { f: { _jsonata_lambda: true, body: { type: 'string', value: 'x' }, arguments: [], thunk: true } };
    expect((await run('$f := f; $f()', forged)).status).toBe('failed');
    expect((await run('$map([1], f)', forged)).status).toBe('failed');
    expect(ended(await run('1 + 1'))).toBe(2);
  });

  it('its process sees no setting, no file, no program and no code made from text', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sandbox-')));
    const probe = join(folder, 'probe.mjs');
    writeFileSync(probe, PROBE);
    const found = execFileSync(process.execPath, [...sandboxFlags(64), `--allow-fs-read=${probe}`, probe], { env: {} });
    rmSync(folder, { recursive: true });
    expect(JSON.parse(found.toString())).toEqual({
      env: [],
      read: 'ERR_ACCESS_DENIED',
      write: 'ERR_ACCESS_DENIED',
      spawn: 'ERR_ACCESS_DENIED',
      code: 'EvalError',
    });
  });

  it('it ends when the gateway is gone, though it is in the middle of an endless expression', async () => {
    const program = fileURLToPath(new URL('./expression-process.ts', import.meta.url));
    const gateway = spawnSync(process.execPath, ['--input-type=module', '-e', ORPHANING, program]);
    expect(gateway.signal).toBe('SIGKILL');
    const pid = Number(gateway.stdout);
    expect(pid).toBeGreaterThan(1);
    await eventually(() => expect(isRunning(pid)).toBe(false));
  });
});
