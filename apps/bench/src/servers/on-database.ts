import { Client } from 'pg';

/** One connection for some work. */
export async function onDatabase<T>(databaseUrl: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl, application_name: 'baton-bench' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
