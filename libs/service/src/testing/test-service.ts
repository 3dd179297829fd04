import type { DynamicModule, Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { createService, type CreateOptions } from '../boot/create-service.js';
import { createLogger } from '../logging/logger.js';

export interface TestService {
  app: NestFastifyApplication;
  /** What was logged, a parsed line each. */
  lines: Record<string, unknown>[];
}

/** A service on no port, to be asked by `app.inject()`. */
export async function testService(
  module: Type | DynamicModule,
  {
    configure,
    ...options
  }: Omit<CreateOptions, 'logger'> & { configure?: (app: NestFastifyApplication) => unknown } = {},
): Promise<TestService> {
  const lines: Record<string, unknown>[] = [];
  const destination = {
    write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  };
  const logger = await createLogger({ service: 'test', level: 'debug', destination });
  const app = await createService(module, { logger, ...options });
  await configure?.(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  return { app, lines };
}
