import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventBreaks, eventSchemas, type EventSchemas, withTables } from './events-page.js';

/**
 * `npm run events`: after a change of events, brings docs/events.md and docs/events.schema.json up to date; refuses a
 * change that breaks what is in the log or who reads it.
 */
const docs = join(import.meta.dirname, '../../docs');
const [page, schemas] = [join(docs, 'events.md'), join(docs, 'events.schema.json')];

const now = eventSchemas();
const breaks = eventBreaks(JSON.parse(readFileSync(schemas, 'utf8')) as EventSchemas, now);
if (breaks.length > 0) {
  const rule = 'A fact is kept for ever: add an optional member, or a new type (docs/events.md).';
  process.stderr.write(`${breaks.join('\n')}\n${rule}\n`);
  process.exitCode = 1;
} else {
  writeFileSync(schemas, `${JSON.stringify(now, null, 2)}\n`);
  writeFileSync(page, withTables(readFileSync(page, 'utf8')));
}
