import { createHash } from 'node:crypto';
import path from 'node:path';
import type { LocalStackConfig } from '../local-stack.config.js';
import { ServiceUnavailableError } from '../local-stack.error.js';
import { findCommand, isExecutable } from '../process/find-command.js';
import { runCommand } from '../process/run-command.js';
import type { ServiceName } from '../stack/service-name.js';
import { installWith } from './package-advice.js';

export interface Java {
  file: string;
  /** Tells two Java runtimes apart, as a class archive of one is of no use to the other. */
  fingerprint: string;
}

/** What Apache Kafka 4 brokers ask for. */
const oldestVersion = 17;
const advice = installWith({ debian: 'openjdk-17-jre-headless', brew: 'openjdk@17' });

/** JAVA_HOME's Java, else the one on the PATH. Throws ServiceUnavailableError if there is none, or it is too old. */
export async function findJava(config: LocalStackConfig, service: ServiceName): Promise<Java> {
  const atHome = config.javaHome && path.join(config.javaHome, 'bin', 'java');
  const file = atHome && (await isExecutable(atHome)) ? atHome : await findCommand('java', config.searchPath);
  if (!file) throw new ServiceUnavailableError(service, 'Java is missing.', advice);
  const printed = await runCommand(file, ['-version'], {
    environment: config.environment,
    timeoutMs: 30_000,
  });
  const version = Number(/version "(\d+)/.exec(printed)?.[1] ?? 0);
  if (version < oldestVersion) {
    throw new ServiceUnavailableError(
      service,
      `${file} is Java ${version || 'of an unknown version'}, ${oldestVersion} or newer is needed.`,
      advice,
    );
  }
  return { file, fingerprint: createHash('sha256').update(`${file}\n${printed}`).digest('hex').slice(0, 12) };
}
