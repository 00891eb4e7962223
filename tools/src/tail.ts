import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type LoggedEvent, TOPICS, toCloudEvent, type Topic } from '@tollgate/contracts';
import { headPosition, type KafkaAddress, readFrom, sqlOfPg, tailKafka } from '@tollgate/event-log';
import {
  type Config,
  configOfProcess,
  findLog,
  kafkaAddressOf,
  PinoLog,
  PLATFORM_OPTIONS,
  placeOfLog,
} from '@tollgate/service-kit';
import pg from 'pg';

/**
 * `npm run tail [-- --topics keys,usage] [--from 0] [--stack DIR | --data DIR]`: shows events as they happen, one CloudEvent
 * a line; `--from` starts at a position instead of now. The log is that of the stack in `--stack`, of the platform that
 * runs on `--data`, else of `KAFKA_BROKERS` or `DATABASE_URL`, else of the one that runs here. No event holds a secret, so
 * neither does this.
 */
const PAGE_EVENTS_MAX = 500;
const LOOK_EVERY_MS = 200;

function topicsOf(text: string | undefined): Topic[] {
  const asked = text?.split(',').map((part) => part.trim());
  const unknown = asked?.filter((topic) => !TOPICS.includes(topic as Topic)) ?? [];
  if (unknown.length > 0) throw new Error(`--topics: ${unknown.join(', ')} is not one of ${TOPICS.join(', ')}`);
  return (asked as Topic[] | undefined) ?? [...TOPICS];
}

function show(event: LoggedEvent): void {
  process.stdout.write(`${event.position}  ${JSON.stringify(toCloudEvent(event))}\n`);
}

/** Positions of the data plane count within one partition (docs/kafka.md): `--from` holds in each of them. */
async function tailOfKafka(config: Config, address: KafkaAddress, topics: Topic[], from: bigint | undefined) {
  const stop = await tailKafka({
    ...address,
    topicPrefix: config.KAFKA_TOPIC_PREFIX,
    topics,
    fromBeginning: from !== undefined,
    log: new PinoLog('error', 'tail').pino,
    onEvent: (event) => void (event.position >= (from ?? 0n) && show(event)),
  });
  process.stderr.write(`Events of ${topics.join(', ')}; Ctrl-C ends.\n`);
  if (!end.signal.aborted) await once(end.signal, 'abort');
  await stop();
}

async function tailOfTable(url: string, topics: Topic[], from: bigint | undefined) {
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'tollgate-tail' });
  // An idle connection that is cut would end the process with a dump; the next look says what is wrong.
  pool.on('error', () => undefined);
  let position = from === undefined ? await headPosition(sqlOfPg(pool), topics) : from - 1n;
  process.stderr.write(`Events after position ${position} of ${topics.join(', ')}; Ctrl-C ends.\n`);
  while (!end.signal.aborted) {
    const events = await readFrom(pool, topics, position, PAGE_EVENTS_MAX).catch((error: unknown) => {
      throw new Error(
        `The database of the log is gone (${(error as Error).message}). Start the platform, then this again.`,
      );
    });
    for (const event of events) {
      show(event);
      position = event.position;
    }
    if (events.length < PAGE_EVENTS_MAX)
      await sleep(LOOK_EVERY_MS, undefined, { signal: end.signal }).catch(() => undefined);
  }
  await pool.end();
}

const end = new AbortController();
process.once('SIGINT', () => end.abort());
process.once('SIGTERM', () => end.abort());
try {
  const { values } = parseArgs({
    options: { topics: { type: 'string' }, from: { type: 'string' }, ...PLATFORM_OPTIONS },
  });
  const topics = topicsOf(values.topics);
  if (values.from !== undefined && !/^\d{1,18}$/.test(values.from))
    throw new Error('--from: must be a position, a whole number');
  const from = values.from === undefined ? undefined : BigInt(values.from);
  const own = configOfProcess();
  const isNamed = own.KAFKA_BROKERS !== undefined || own.DATABASE_URL !== undefined;
  const { name, config } = findLog(values, own, isNamed);
  process.stderr.write(`Reading the log of ${name}: ${placeOfLog(config)}\n`);
  const address = kafkaAddressOf(config);
  if (address) await tailOfKafka(config, address, topics, from);
  else await tailOfTable(config.DATABASE_URL ?? '', topics, from);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
