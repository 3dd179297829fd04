import { ModulesContainer, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { Scope } from '@baton/contracts';

import { jobTokenMetadata, publicMetadata, scopesMetadata } from '../auth/route-access.js';

type Security = Record<string, string[]>[];

/** Says of every operation what its guard asks for, and that its errors are problems. */
export function secureOperations(app: NestFastifyApplication, document: OpenAPIObject): void {
  const demands = demandsOf(app);
  for (const item of Object.values(document.paths)) {
    for (const method of ['get', 'put', 'post', 'delete', 'patch', 'head', 'options'] as const) {
      const operation = item[method];
      if (!operation) continue;
      operation.security = demands.get(operation.operationId ?? '') ?? [{ apiKey: [] }];
      operation.responses = { ...operation.responses, default: { $ref: '#/components/responses/Problem' } };
    }
  }
}

/** The security of each controller method, by the operation id that the document gives it. */
function demandsOf(app: NestFastifyApplication): Map<string, Security> {
  const reflector = app.get(Reflector);
  const demands = new Map<string, Security>();
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const prototype = metatype.prototype as Record<string, unknown>;
      for (const name of Object.getOwnPropertyNames(prototype)) {
        const method = prototype[name];
        if (typeof method === 'function')
          demands.set(`${metatype.name}_${name}`, securityOf(reflector, [method, metatype]));
      }
    }
  }
  return demands;
}

type Targets = Parameters<Reflector['getAllAndOverride']>[1];

function securityOf(reflector: Reflector, targets: Targets): Security {
  if (reflector.getAllAndOverride<boolean | undefined>(publicMetadata, targets)) return [];
  const scopes = reflector.getAllAndOverride<Scope[] | undefined>(scopesMetadata, targets) ?? [];
  const jobToken = reflector.getAllAndOverride<object | undefined>(jobTokenMetadata, targets);
  return [{ apiKey: [...scopes] }, ...(jobToken ? [{ jobToken: [] }] : [])];
}
