import { text } from 'node:stream/consumers';
import { Database, migrate, seedDevelopment } from '@baton/persistence';
import { fields, loadConfig } from '@baton/service';
import { z } from 'zod';

/**
 * Run by the local stack before the services start: brings the schema up to date and makes the development tenants.
 * Reads `{"tenants": [{"name", "apiKey"?}]}` from standard input and prints the same, with every key, as its last line.
 */
const inputSchema = z.strictObject({
  tenants: z.array(z.strictObject({ name: z.string(), apiKey: z.string().optional() })),
});

const { databaseUrl } = loadConfig({ databaseUrl: fields.databaseUrl() });
const wanted = inputSchema.parse(JSON.parse(await text(process.stdin)));
await migrate(databaseUrl);
const database = await Database.open(databaseUrl, { applicationName: 'baton-seed', max: 2 });
try {
  const { tenants } = await seedDevelopment(database, wanted);
  process.stdout.write(
    `${JSON.stringify({ tenants: tenants.map(({ name, apiKey }) => ({ name, apiKey })) })}\n`,
  );
} finally {
  await database.close();
}
