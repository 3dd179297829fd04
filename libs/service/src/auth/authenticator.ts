import { BatonError, scopes as allScopes, type Scope } from '@baton/contracts';

import type { AuthMode } from '../config/network.fields.js';
import { hashApiKey, isApiKey } from './api-key.js';
import type { Caller, KeyCaller } from './caller.js';
import { isJobToken, verifyJobToken, type JobTokenKey } from './job-token.js';
import { KeyCache, type KeyCacheOptions } from './key-cache.js';
import type { FoundKey, KeyLookup, KeyRateLimiter } from './key-lookup.js';

/** The tenant of every caller where `AUTH=off`. */
export interface DefaultTenant {
  tenantId: string;
  tenantName: string;
}

export interface AuthOptions {
  mode: AuthMode;
  lookup: KeyLookup;
  /** Needed where routes take job tokens: `deriveJobTokenKey(masterKey)`. */
  jobTokenKey?: JobTokenKey;
  /** Needed where `mode` is `off`. Asked for at the first request. */
  defaultTenant?: () => Promise<DefaultTenant>;
  rateLimiter?: KeyRateLimiter;
  cache?: KeyCacheOptions;
}

/** What a route asks of its caller. */
export interface Demand {
  scopes?: readonly Scope[];
  /** The job whose token is taken too; undefined takes API keys only. */
  jobId?: string | undefined;
  /** True: the token of any job is taken too; the caller says of which. */
  anyJob?: boolean;
}

/** Says who calls. Used by the guard, by raw routes and for the first message of a WebSocket. */
export class Authenticator {
  private readonly cache: KeyCache;
  private anyone: Promise<KeyCaller> | undefined;

  /** @throws Error when `mode` is `off` and there is no default tenant */
  constructor(private readonly options: AuthOptions) {
    if (options.mode === 'off' && !options.defaultTenant) throw new Error('AUTH=off needs a default tenant');
    this.cache = new KeyCache(options.lookup, options.cache);
  }

  /** Where `AUTH=off`: no key and no token is needed. */
  get anyoneMay(): boolean {
    return this.options.mode === 'off';
  }

  /**
   * @param authorization the header's value: `Bearer <API key or job token>`
   * @returns the caller, at once when the key is remembered, which spares the accept path a turn
   * @throws BatonError `unauthenticated`, `scope_missing`, `rate_limited`, `unavailable`
   */
  authenticate(authorization: string | undefined, demand: Demand = {}): Caller | Promise<Caller> {
    if (this.options.mode === 'off') return this.asDefaultTenant();
    return this.authenticateToken(bearerOf(authorization), demand);
  }

  /** The same for a bare key or token, wherever it came from. */
  authenticateToken(token: string, demand: Demand = {}): Caller | Promise<Caller> {
    if (this.options.mode === 'off') return this.asDefaultTenant();
    if (isApiKey(token)) return this.byKey(hashApiKey(token), demand.scopes ?? []);
    if (isJobToken(token)) return this.byJobToken(token, demand);
    throw new BatonError(
      'unauthenticated',
      'the bearer is neither an API key (bk_ and 43 characters) nor a job token',
    );
  }

  private byKey(hash: Buffer, scopes: readonly Scope[]): Caller | Promise<Caller> {
    const known = this.cache.peek(hash);
    return known ? this.admit(known.found, scopes) : this.fetchAndAdmit(hash, scopes);
  }

  private async fetchAndAdmit(hash: Buffer, scopes: readonly Scope[]): Promise<Caller> {
    let found: FoundKey | undefined;
    try {
      found = await this.cache.fetch(hash);
    } catch (cause) {
      throw new BatonError('unavailable', 'the API key could not be looked up', {
        cause,
        retryAfterSeconds: 1,
      });
    }
    return this.admit(found, scopes);
  }

  private admit(found: FoundKey | undefined, scopes: readonly Scope[]): Caller | Promise<Caller> {
    if (!found) throw new BatonError('unauthenticated', 'no such API key');
    if (found.disabled) throw new BatonError('unauthenticated', 'this API key is disabled');
    const missing = scopes.filter((scope) => !found.scopes.includes(scope));
    if (missing.length > 0) {
      const held = found.scopes.join(', ') || 'none';
      throw new BatonError(
        'scope_missing',
        `this needs the scope ${missing.join(', ')}; the API key has ${held}`,
      );
    }
    const { keyId, tenantId, tenantName } = found;
    const caller: KeyCaller = { kind: 'key', keyId, tenantId, tenantName, scopes: found.scopes };
    return found.rateLimit && this.options.rateLimiter ? this.limited(caller, found.rateLimit) : caller;
  }

  private async limited(caller: KeyCaller, limit: NonNullable<FoundKey['rateLimit']>): Promise<Caller> {
    const wait = await this.options.rateLimiter?.take(caller.keyId, limit);
    if (wait === undefined) return caller;
    throw new BatonError(
      'rate_limited',
      `this API key may make ${limit.limit} requests in ${limit.perMs} ms`,
      {
        retryAfterSeconds: wait,
      },
    );
  }

  private byJobToken(token: string, { jobId, anyJob = false }: Demand): Caller {
    if ((jobId === undefined && !anyJob) || !this.options.jobTokenKey) {
      throw new BatonError('unauthenticated', 'this route takes an API key, not a job token');
    }
    const claims = verifyJobToken(this.options.jobTokenKey, token, jobId === undefined ? {} : { jobId });
    const { sub, tid: tenantId, exp } = claims;
    return { kind: 'job', jobId: sub, tenantId, expiresAtMs: exp * 1_000, scopes: [] };
  }

  private asDefaultTenant(): Promise<Caller> {
    this.anyone ??= this.findDefaultTenant().catch((cause: unknown) => {
      this.anyone = undefined;
      throw new BatonError('unavailable', 'the default tenant could not be looked up', {
        cause,
        retryAfterSeconds: 1,
      });
    });
    return this.anyone;
  }

  private async findDefaultTenant(): Promise<KeyCaller> {
    const tenant = await this.options.defaultTenant?.();
    if (!tenant) throw new Error('there is no default tenant');
    return { kind: 'key', keyId: 'auth-off', ...tenant, scopes: allScopes };
  }
}

function bearerOf(authorization: string | undefined): string {
  if (!authorization) {
    throw new BatonError(
      'unauthenticated',
      'the Authorization header is missing; send "Authorization: Bearer <API key>"',
    );
  }
  const match = /^Bearer +(\S+)$/i.exec(authorization.trim());
  if (!match?.[1])
    throw new BatonError('unauthenticated', 'the Authorization header is not "Bearer <API key>"');
  return match[1];
}
