import { freshDatabase } from '@tollgate/testing';
import { Lines } from '../../test/http-runner-under-test.js';
import type { GatewayDatabase } from '../gateway-database.js';
import { FinishedRuns } from './finished-runs.js';

test('given a database that the logs service does not use, no run is listed, and the log says so once', async () => {
  const database = await freshDatabase();
  const log = new Lines();
  const runs = new FinishedRuns({ pool: database.pool } as unknown as GatewayDatabase, log);
  for (const workflowId of ['wf_1', 'wf_2']) {
    expect(await runs.page({ workspaceId: 'w1', workflowId, order: 'desc', limit: 10 })).toEqual([]);
  }
  expect(log.lines.join('\n').match(/its DATABASE_URL is another than here/g)).toHaveLength(1);
  await database.drop();
});
