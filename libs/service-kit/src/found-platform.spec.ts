import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from './config.js';
import { findLog, findPlatform, placeOfLog } from './found-platform.js';

const OF_STACK = { DATABASE_URL: 'postgres://u:secret@127.0.0.1:1/stack', KAFKA_BROKERS: '127.0.0.1:9' };
const OF_PLATFORM = 'postgres://u:secret@127.0.0.1:2/embedded';
/** As no process has it. */
const NOBODY = 2 ** 30;

describe('which platform a tool speaks to', () => {
  const before = process.cwd();
  let folder: string;
  const own = (env: Record<string, string> = {}) => loadConfig(env);
  const platform = (dir: string, pid = process.pid) => {
    mkdirSync(dir, { recursive: true });
    const running = { pid, url: `http://of/${dir}`, databaseUrl: OF_PLATFORM };
    writeFileSync(join(dir, 'running.json'), JSON.stringify(running));
  };
  const stack = (dir: string) => {
    mkdirSync(dir, { recursive: true });
    const file = { baseUrls: [`http://of/${dir}`], processes: [{ name: 'billing', env: OF_STACK }] };
    writeFileSync(join(dir, 'stack.json'), JSON.stringify(file));
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tollgate-found-'));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  test('given one of both it is that one', () => {
    platform('data');
    expect(findPlatform({}, own())).toMatchObject({ name: 'the platform on ./data', url: 'http://of/data' });
    rmSync('data', { recursive: true });
    stack('.stack');
    expect(findPlatform({}, own())).toMatchObject({ name: 'the stack in .stack', url: 'http://of/.stack' });
  });

  test('given both it is refused with what chooses between them, and each choice chooses', () => {
    platform('data');
    stack('.stack');
    expect(() => findPlatform({}, own())).toThrow(
      'Two are here: the platform on ./data, and the stack in .stack. Say which is meant: --data ./data, or --stack .stack.',
    );
    expect(placeOfLog(findLog({ data: './data' }, own()).config)).toBe('PostgreSQL at 127.0.0.1:2/embedded');
    expect(placeOfLog(findLog({ stack: '.stack' }, own()).config)).toBe('Kafka at 127.0.0.1:9');
    expect(() => findPlatform({ data: 'data', stack: '.stack' }, own())).toThrow('not both');
    platform('mine');
    expect(findPlatform({}, own({ DATA_DIR: 'mine' })).name).toBe('the platform on mine');
  });

  test('given none, or one that was killed, it says how to start or to name one', () => {
    expect(() => findPlatform({}, own(), '--url')).toThrow(
      /No platform runs on \.\/data: .*npm start.* --stack DIR or --url/,
    );
    platform('data', NOBODY);
    expect(() => findPlatform({ data: 'data' }, own())).toThrow('--data: no platform runs on data');
    expect(() => findPlatform({ stack: 'other' }, own())).toThrow('--stack: no stack runs in other');
    stack('.stack');
    expect(findPlatform({}, own()).name).toBe('the stack in .stack');
  });

  test('a log is the one that the environment names, before what is found, after what is named', () => {
    platform('data');
    stack('.stack');
    const given = own({ DATABASE_URL: 'postgres://u:secret@10.0.0.1/given' });
    expect(findLog({}, given)).toEqual({ name: 'what the environment names', config: given });
    expect(placeOfLog(given)).toBe('PostgreSQL at 10.0.0.1:5432/given');
    expect(findLog({ stack: '.stack' }, given).name).toBe('the stack in .stack');
    expect(() => findLog({}, own())).toThrow('Two are here');

    const kafka = own({ KAFKA_BROKERS: '10.0.0.2:9092' });
    expect(findLog({}, kafka, true)).toMatchObject({ name: 'what the environment names' });
    // One process with the embedded database and a Kafka of one's own.
    const { config } = findLog({ data: 'data' }, kafka);
    expect([config.DATABASE_URL, placeOfLog(config)]).toEqual([OF_PLATFORM, 'Kafka at 10.0.0.2:9092']);
  });
});
