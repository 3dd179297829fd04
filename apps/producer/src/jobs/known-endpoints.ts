import { Database, listEndpointNames } from '@baton/persistence';
import { Inject, Injectable } from '@nestjs/common';

/** Tenants whose names are remembered. */
const remembered = 10_000;

/**
 * The names of tenants' webhook endpoints. A name once seen is believed: should its endpoint be gone, the delivery says
 * so. A name not seen is asked for, so that an endpoint just made is known at once.
 */
@Injectable()
export class KnownEndpoints {
  private readonly byTenant = new Map<string, ReadonlySet<string>>();

  constructor(@Inject(Database) private readonly database: Database) {}

  /** @returns those of the names that the tenant has no endpoint of */
  async missing(tenantId: string, names: readonly string[]): Promise<ReadonlySet<string>> {
    const unseen = (known: ReadonlySet<string> | undefined): string[] =>
      names.filter((name) => !known?.has(name));
    if (unseen(this.byTenant.get(tenantId)).length === 0) return new Set();
    const there = new Set(await listEndpointNames(this.database.pool, tenantId));
    if (this.byTenant.size >= remembered) this.byTenant.clear();
    this.byTenant.set(tenantId, there);
    return new Set(unseen(there));
  }
}
