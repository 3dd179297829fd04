import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { limits } from '@baton/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';

import { NestLogger } from '../logging/nest-logger.js';
import { logRequests } from '../logging/request-log.js';
import { answerClientError } from '../problem/client-error.js';
import { readJsonBodies } from '../problem/json-body.js';
import { ProblemFilter } from '../problem/problem.filter.js';
import { ProblemResponder } from '../problem/problem-responder.js';
import { validationPipe } from '../problem/validation.pipe.js';
import { refuseForeignOrigins } from './origins.js';
import { traceRequests } from './request-trace.js';
import { ServiceCoreModule } from './service-core.module.js';

export interface CreateOptions {
  logger: Logger;
  allowedOrigins?: readonly string[];
}

/**
 * The Nest application of a service, not yet listening: Fastify, problem+json for every error, validation,
 * health routes, logging. `runService` makes a process of it; tests use it as it is.
 */
export async function createService(
  module: Type | DynamicModule,
  { logger, allowedOrigins = [] }: CreateOptions,
): Promise<NestFastifyApplication> {
  const responder = new ProblemResponder(logger);
  const adapter = new FastifyAdapter({
    logger: false,
    bodyLimit: limits.bodyBytes,
    trustProxy: false,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      responder.answer(error, request, reply),
  });
  const app = await NestFactory.create<NestFastifyApplication>(
    ServiceCoreModule.around(module, logger),
    adapter,
    {
      logger: new NestLogger(logger),
      abortOnError: false,
      bodyParser: false,
      forceCloseConnections: true,
    },
  );
  const fastify = adapter.getInstance();
  logRequests(fastify, logger);
  readJsonBodies(fastify);
  traceRequests(fastify);
  refuseForeignOrigins(app, allowedOrigins);
  app.useGlobalFilters(new ProblemFilter(responder));
  app.useGlobalPipes(validationPipe());
  return app;
}
