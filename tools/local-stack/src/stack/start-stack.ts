import path from 'node:path';
import { fallbackFolder } from '../postgres/reachable-folder.js';
import { WatchdogLink } from '../process/watchdog-link.js';
import { ServerFactory } from './server-factory.js';
import { StackLock } from './stack-lock.js';
import type { StackOptions } from './stack-options.js';
import { Stack } from './stack.js';

/**
 * Starts the servers and resolves when all of them serve. What this machine cannot run (no Java, say) is noted
 * in `unavailable`, PostgreSQL excepted. Throws StackRunningError where one runs in the folder already,
 * ServiceUnavailableError and ProcessFailedError where a server cannot be started; nothing is left running then.
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const dir = path.resolve(options.dir);
  const lock = await StackLock.acquire(dir);
  const watchdog = new WatchdogLink();
  if (!options.persistent) {
    watchdog.removeAtEnd(dir);
    watchdog.removeAtEnd(fallbackFolder(path.join(dir, 'postgres')));
  }
  const settled = { ...options, dir };
  const stack = new Stack(settled, new ServerFactory(settled, watchdog, lock), watchdog, lock);
  try {
    await stack.ensure(options.services);
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}
