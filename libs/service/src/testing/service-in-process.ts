import type { NestFastifyApplication } from '@nestjs/platform-fastify';

import { type ServiceDefinition, startService } from '../boot/run-service.js';
import { serviceFields, type ServiceConfig } from '../boot/service-config.js';
import { shutDown, type ShutdownParts } from '../boot/shutdown.js';
import type { ConfigOf, Environment, Fields } from '../config/field.js';
import { loadConfig } from '../config/load-config.js';
import { createLogger } from '../logging/logger.js';

/**
 * A whole service inside the test's process, on a free port, configured by the environment that it is given: so that a
 * test sees into it, and steps through it by events instead of by time.
 */
export class ServiceInProcess {
  private constructor(
    private readonly parts: ShutdownParts,
    readonly url: string,
    /** What was logged, a parsed line each. */
    readonly lines: Record<string, unknown>[],
  ) {}

  /** @throws ConfigError, or what its parts throw when they cannot start */
  static async start<F extends Fields>(
    definition: ServiceDefinition<F>,
    environment: Environment,
  ): Promise<ServiceInProcess> {
    const lines: Record<string, unknown>[] = [];
    const destination = {
      write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    };
    const logger = await createLogger({ service: definition.name, level: 'info', destination });
    const config = loadConfig(
      { ...serviceFields(0), ...definition.config },
      { ...environment, PORT: '0' },
    ) as ServiceConfig & ConfigOf<F>;
    const parts = await startService(definition, config, logger);
    return new ServiceInProcess(parts, await parts.app.getUrl(), lines);
  }

  get app(): NestFastifyApplication {
    return this.parts.app;
  }

  /** As SIGTERM does. @returns whether every step went well */
  stop(): Promise<boolean> {
    return shutDown(this.parts);
  }
}
