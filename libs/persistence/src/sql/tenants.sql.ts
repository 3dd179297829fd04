import { uuidv7 } from 'uuidv7';
import { run, type Queryable } from './statement.js';

export interface TenantRow {
  id: string;
  name: string;
  createdAtMs: number;
}

const columns = `id, name, floor(extract(epoch FROM created_at) * 1000)::bigint AS "createdAtMs"`;
const insert = `INSERT INTO baton.tenant (id, name) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING RETURNING ${columns}`;
const byName = `SELECT ${columns} FROM baton.tenant WHERE name = $1`;
const page = `SELECT ${columns} FROM baton.tenant WHERE name COLLATE "C" > $1 ORDER BY name COLLATE "C" LIMIT $2`;

/** @returns undefined when there is a tenant of this name already */
export async function insertTenant(db: Queryable, name: string): Promise<TenantRow | undefined> {
  const [row] = await run<TenantRow>(db, 'insert-tenant', insert, [uuidv7(), name]);
  return row;
}

export async function findTenant(db: Queryable, name: string): Promise<TenantRow | undefined> {
  const [row] = await run<TenantRow>(db, 'find-tenant', byName, [name]);
  return row;
}

/** The tenant of this name, made if it is not there. */
export async function ensureTenant(db: Queryable, name: string): Promise<TenantRow> {
  const row = (await findTenant(db, name)) ?? (await insertTenant(db, name)) ?? (await findTenant(db, name));
  if (!row) throw new TypeError(`tenant "${name}" is there and is not`);
  return row;
}

/** Tenants by name, those after `after`. */
export async function listTenants(
  db: Queryable,
  { after = '', limit }: { after?: string | undefined; limit: number },
): Promise<TenantRow[]> {
  return run<TenantRow>(db, 'list-tenants', page, [after, limit]);
}
