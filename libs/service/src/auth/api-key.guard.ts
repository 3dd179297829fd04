import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Scope } from '@baton/contracts';
import type { FastifyRequest } from 'fastify';

import { Authenticator } from './authenticator.js';
import { setCaller, type Caller } from './caller.js';
import { readCookie } from './read-cookie.js';
import { jobTokenMetadata, publicMetadata, scopesMetadata, type JobTokenRule } from './route-access.js';

type Request = FastifyRequest<{ Params: Record<string, string> }>;

/** Guards every HTTP route that is not `@Public()`. Messages to handlers are not its matter. */
@Injectable()
export class ApiKeyGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(Authenticator) private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http' || this.read<boolean>(publicMetadata, context)) return true;
    const request = context.switchToHttp().getRequest<Request>();
    const scopes = this.read<Scope[]>(scopesMetadata, context) ?? [];
    const rule = this.read<JobTokenRule>(jobTokenMetadata, context);
    setCaller(request, await this.identify(request, scopes, rule));
    return true;
  }

  private identify(
    request: Request,
    scopes: Scope[],
    rule: JobTokenRule | undefined,
  ): Caller | Promise<Caller> {
    const { authorization, cookie } = request.headers;
    const demand = { scopes, jobId: rule && request.params[rule.param]?.toLowerCase() };
    const token = authorization === undefined && rule?.cookie ? readCookie(cookie, rule.cookie) : undefined;
    if (token === undefined) return this.authenticator.authenticate(authorization, demand);
    return this.authenticator.authenticate(`Bearer ${token}`, demand);
  }

  private read<T>(key: string, context: ExecutionContext): T | undefined {
    return this.reflector.getAllAndOverride<T | undefined>(key, [context.getHandler(), context.getClass()]);
  }
}
