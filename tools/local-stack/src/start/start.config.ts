import path from 'node:path';
import { readLocalStackConfig, type LocalStackConfig } from '../local-stack.config.js';
import { repositoryRoot } from '../repository-root.js';

export interface StartConfig {
  stack: LocalStackConfig;
  /** Data, logs and addresses of the local stack; git-ignored. */
  folder: string;
  masterKey: string | undefined;
  /** The user sends traces somewhere; else `npm start` collects them itself. */
  exportsTraces: boolean;
}

/** The variables that `npm start` itself reads; all others go on to the services as they are. */
export function readStartConfig(environment: NodeJS.ProcessEnv = process.env): StartConfig {
  return {
    stack: readLocalStackConfig(environment),
    folder: path.join(repositoryRoot, '.baton'),
    masterKey: environment['BATON_MASTER_KEY'] || undefined,
    exportsTraces: Boolean(
      environment['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    ),
  };
}
