import { Client } from 'pg';

/** PostgreSQL's code for a database that exists already. */
const duplicateDatabase = '42P04';

/** Makes a database on the server of `adminUrl`, from a template if one is named; one that exists is left as it is. */
export async function createDatabase(
  adminUrl: string,
  name: string,
  options: { template?: string } = {},
): Promise<void> {
  await runOn(adminUrl, (client) => {
    const template = options.template ? ` template ${client.escapeIdentifier(options.template)}` : '';
    return client.query(`create database ${client.escapeIdentifier(name)}${template}`);
  }).catch((error: unknown) => {
    if ((error as { code?: string }).code !== duplicateDatabase) throw error;
  });
}

/** Drops a database and ends the sessions in it; one that is not there is no error. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await runOn(adminUrl, (client) =>
    client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`),
  );
}

async function runOn(url: string, statement: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await statement(client);
  } finally {
    await client.end();
  }
}
