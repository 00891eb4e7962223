import type { Pool, PoolClient } from 'pg';

/**
 * Runs `work` in one transaction of a pool's client. `begin` opens it and sets its limits, in one trip. A client whose
 * connection broke, or whose rollback failed, is thrown away.
 */
export async function inPgTransaction<T>(
  pool: Pool,
  begin: string,
  work: (client: PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // Without a listener the loss of a client in use would end the process; the query in hand rejects as well.
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    await client.query(begin);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((fault: Error) => (broken = fault));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
