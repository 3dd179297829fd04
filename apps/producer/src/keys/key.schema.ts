import { type Scope, scopes } from '@baton/contracts';
import type { ListedApiKey } from '@baton/persistence';
import { nameSchema, pageFields, storableText } from '@baton/service';
import { z } from 'zod';

const tenant = nameSchema.meta({ description: "another tenant's name; needs the scope tenants:admin" });

export const newKeySchema = z
  .strictObject({
    name: storableText({ maxBytes: 100 }),
    scopes: z
      .array(z.enum(scopes))
      .min(1)
      .transform((given): Scope[] => [...new Set(given)]),
    tenant: tenant.optional(),
  })
  .meta({ id: 'NewKey' });

export const keyQuerySchema = z.strictObject({ ...pageFields, tenant: tenant.optional() });

const fields = {
  id: z.uuid(),
  name: z.string(),
  prefix: z.string().meta({ description: "the key's first characters" }),
  scopes: z.array(z.enum(scopes)),
  createdAt: z.iso.datetime(),
  disabledAt: z.iso.datetime().optional(),
};

export const keySchema = z.object(fields).meta({ id: 'Key' });
export const madeKeySchema = z
  .object({ ...fields, key: z.string().meta({ description: 'shown this once' }) })
  .meta({ id: 'MadeKey' });
export const keyListSchema = z
  .object({ items: z.array(keySchema), nextCursor: z.string().optional() })
  .meta({ id: 'KeyList' });

export function showKey(row: ListedApiKey): z.output<typeof keySchema> {
  const { id, name, prefix, createdAtMs, disabledAtMs } = row;
  return {
    id,
    name,
    prefix,
    scopes: row.scopes,
    createdAt: new Date(createdAtMs).toISOString(),
    ...(disabledAtMs !== null && { disabledAt: new Date(disabledAtMs).toISOString() }),
  };
}
