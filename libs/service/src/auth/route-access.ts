import {
  createParamDecorator,
  SetMetadata,
  type CustomDecorator,
  type ExecutionContext,
} from '@nestjs/common';
import type { Scope } from '@baton/contracts';

import { callerOf, type Caller } from './caller.js';

export const publicMetadata = 'baton:public';
export const scopesMetadata = 'baton:scopes';
export const jobTokenMetadata = 'baton:job-token';

/** How a route takes job tokens: of the job that the parameter names, in the header or in this cookie. */
export interface JobTokenRule {
  param: string;
  cookie?: string;
}

/** The route, or every route of the controller, is open to anyone. */
export const Public = (): CustomDecorator => SetMetadata(publicMetadata, true);

/** The key must hold every one of these scopes; a route's list replaces its controller's. */
export const Scopes = (...scopes: Scope[]): CustomDecorator => SetMetadata(scopesMetadata, scopes);

/** The route takes, beside API keys, a token of the very job that its parameter (`id` unless said) names. */
export const JobTokenAllowed = (rule: Partial<JobTokenRule> = {}): CustomDecorator =>
  SetMetadata(jobTokenMetadata, { param: 'id', ...rule } satisfies JobTokenRule);

/** Who calls: `@Principal() caller: Caller`. Only on routes that are not `@Public()`. */
export const Principal = createParamDecorator((_data: unknown, context: ExecutionContext): Caller =>
  callerOf(context.switchToHttp().getRequest<object>()),
);
