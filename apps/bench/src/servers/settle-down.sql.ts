import { onDatabase } from './on-database.js';

/** Vacuums and analyzes a database and writes all dirty pages of the server out. */
export async function settleDown(databaseUrl: string): Promise<void> {
  await onDatabase(databaseUrl, async (client) => {
    await client.query('VACUUM (ANALYZE)');
    await client.query('CHECKPOINT');
  });
}
