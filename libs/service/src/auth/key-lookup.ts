import type { Scope } from '@baton/contracts';

/** A request limit of a key: so many requests in so many milliseconds. */
export interface KeyRateLimit {
  limit: number;
  perMs: number;
}

/** What is known about an API key. */
export interface FoundKey {
  keyId: string;
  tenantId: string;
  tenantName: string;
  scopes: readonly Scope[];
  rateLimit?: KeyRateLimit;
  /** Disabled keys are refused as such, so that their owner knows what to do. */
  disabled?: boolean;
}

/** Where API keys are kept; filled by the app. */
export interface KeyLookup {
  /** @param hash SHA-256 of the key: 32 bytes */
  findByHash(hash: Buffer): Promise<FoundKey | undefined>;
}

/** Counts the requests of keys that are limited; filled by the app. */
export interface KeyRateLimiter {
  /** Takes one request of the key. @returns seconds to wait when it is over its limit, else undefined */
  take(keyId: string, limit: KeyRateLimit): Promise<number | undefined>;
}
