import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TOPICS, toCloudEvent, type Topic } from '@tollgate/contracts';
import { headPosition, readFrom, sqlOfPg } from '@tollgate/event-log';
import pg from 'pg';
import { runningPlatform } from './platform-address.js';

/**
 * `npm run tail [-- --topics keys,usage] [--from 0]`: shows events as they happen, one CloudEvent a line; `--from`
 * starts at a position instead of now. No event holds a secret, so neither does this.
 */
const PAGE_EVENTS_MAX = 500;
const LOOK_EVERY_MS = 200;

const { values } = parseArgs({ options: { topics: { type: 'string' }, from: { type: 'string' } } });

function topicsOf(text: string | undefined): Topic[] {
  const asked = text?.split(',').map((part) => part.trim());
  const unknown = asked?.filter((topic) => !TOPICS.includes(topic as Topic)) ?? [];
  if (unknown.length > 0) throw new Error(`--topics: ${unknown.join(', ')} is not one of ${TOPICS.join(', ')}`);
  return (asked as Topic[] | undefined) ?? [...TOPICS];
}

try {
  const topics = topicsOf(values.topics);
  if (values.from !== undefined && !/^\d{1,18}$/.test(values.from))
    throw new Error('--from: must be a position, a whole number');
  const url = process.env.DATABASE_URL || runningPlatform().databaseUrl;
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'tollgate-tail' });
  let position = values.from === undefined ? await headPosition(sqlOfPg(pool), topics) : BigInt(values.from) - 1n;
  process.stderr.write(`Events after position ${position} of ${topics.join(', ')}; Ctrl-C ends.\n`);
  const end = new AbortController();
  process.once('SIGINT', () => end.abort());
  process.once('SIGTERM', () => end.abort());
  while (!end.signal.aborted) {
    const events = await readFrom(pool, topics, position, PAGE_EVENTS_MAX);
    for (const event of events) {
      process.stdout.write(`${event.position}  ${JSON.stringify(toCloudEvent(event))}\n`);
      position = event.position;
    }
    if (events.length < PAGE_EVENTS_MAX)
      await sleep(LOOK_EVERY_MS, undefined, { signal: end.signal }).catch(() => undefined);
  }
  await pool.end();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
