import type { DataSource } from 'typeorm';
import type { DatabaseOptions } from './database.js';
import type { SessionSettings } from './session-settings.js';

/** Connections of the reads and writes by entity, beside those of the hot statements. */
const ormConnections = 4;

/** Loads TypeORM with the entities and migrations, and connects it. */
export async function openOrm(
  url: string,
  { applicationName, max }: DatabaseOptions,
  session: SessionSettings,
): Promise<DataSource> {
  const [typeorm, { entities }, { migrations }] = await Promise.all([
    import('typeorm'),
    import('../entities/index.js'),
    import('../migrations/index.js'),
  ]);
  const source = new typeorm.DataSource({
    type: 'postgres',
    url,
    schema: 'baton',
    entities,
    migrations,
    migrationsTableName: 'migration',
    synchronize: false,
    applicationName,
    poolSize: Math.min(ormConnections, max ?? ormConnections),
    poolErrorHandler: () => undefined,
    extra: session,
  });
  return source.initialize();
}
