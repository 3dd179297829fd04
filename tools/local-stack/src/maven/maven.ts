import { ServiceUnavailableError } from '../local-stack.error.js';
import { findCommand } from '../process/find-command.js';
import { runCommand } from '../process/run-command.js';
import type { ServerContext } from '../process/server-recipe.js';
import type { ServiceName } from '../stack/service-name.js';
import { installWith } from './package-advice.js';

/** The first call on a bare machine downloads 100 MB in all. */
const timeoutMs = 5 * 60_000;

/** Maven's local repository is not safe to be filled by two at once, so this process runs one at a time. */
let last: Promise<unknown> = Promise.resolve();

export type MavenContext = Pick<ServerContext, 'config' | 'onProgress'>;

/** Runs a goal of the pinned pom. Throws ServiceUnavailableError if Maven is missing or fails. */
export async function runMaven(
  { config, onProgress }: MavenContext,
  service: ServiceName,
  pom: string,
  args: readonly string[],
): Promise<void> {
  const file = await findCommand('mvn', config.searchPath);
  if (!file)
    throw new ServiceUnavailableError(
      service,
      'Maven is missing.',
      installWith({ debian: 'maven', brew: 'maven' }),
    );
  onProgress(`${service}: fetching it by Maven (once a machine)`);
  const run = last.then(() =>
    runCommand(file, ['--batch-mode', '--quiet', '--file', pom, ...args], {
      environment: config.environment,
      timeoutMs,
    }),
  );
  last = run.catch(() => undefined); // the caller gets the failure; the next in the queue must not
  try {
    await run;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ServiceUnavailableError(
      service,
      `Maven could not fetch it: ${reason}`,
      'Check the network and ~/.m2/settings.xml, then start again.',
      { cause },
    );
  }
}
