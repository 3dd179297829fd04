import { ServiceUnavailableError } from '../local-stack.error.js';
import { startStack } from '../stack/start-stack.js';
import type { Stack } from '../stack/stack.js';
import type { ServiceName } from '../stack/service-name.js';
import { makeTestFolder } from './test-folder.js';

export interface TestStackOptions {
  kafka?: boolean;
  redis?: boolean;
  s3?: boolean;
  postgresSettings?: Readonly<Record<string, string>>;
  onProgress?: (line: string) => void;
}

/**
 * A stack of its own for tests that stop or kill servers: PostgreSQL and what is asked for, in the temporary
 * folder, gone after `stop()`. Never the servers of the environment. Throws if one of them cannot run here.
 */
export async function createTestStack(options: TestStackOptions = {}): Promise<Stack> {
  const { kafka, redis, s3, ...rest } = options;
  const wanted: Partial<Record<ServiceName, boolean | undefined>> = { kafka, redis, s3 };
  const services: ServiceName[] = [
    'postgres',
    ...(['kafka', 'redis', 's3'] as const).filter((service) => wanted[service]),
  ];
  const dir = await makeTestFolder();
  const stack = await startStack({ ...rest, dir, services, persistent: false, durable: false });
  const missing = stack.unavailable[0];
  if (!missing) return stack;
  await stack.stop();
  throw new ServiceUnavailableError(missing.service, missing.why, missing.whatToDo);
}
