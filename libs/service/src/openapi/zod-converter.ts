import { z } from 'zod';

export type SchemaConverter = (
  schema: unknown,
  options: { schemaType: 'input' | 'output' },
) => { schema: unknown; components?: Record<string, unknown> } | undefined;

/**
 * Turns zod schemas into JSON Schema 2020-12, those with `.meta({ id })` into components. One id that reads
 * differently as input and as output becomes two components: `Job` and, for the second seen, `JobInput` or `JobOutput`.
 */
export function zodConverter(): SchemaConverter {
  const seen = new Map<string, string>();
  return (schema, { schemaType }) => {
    if (!(schema instanceof z.core.$ZodType)) return undefined;
    const {
      $schema: _draft,
      $defs = {},
      ...root
    } = z.toJSONSchema(schema, {
      target: 'draft-2020-12',
      io: schemaType,
      unrepresentable: 'any',
      override: ({ zodSchema, jsonSchema }) => {
        if (zodSchema._zod.def.type === 'date')
          Object.assign(jsonSchema, { type: 'string', format: 'date-time' });
      },
    });
    const names = new Map(
      Object.entries($defs).map(([id, body]) => [id, nameFor(id, body, { schemaType, seen })]),
    );
    const renamed = (value: unknown): unknown => renameRefs(value, names);
    const components = Object.fromEntries(
      Object.entries($defs).map(([id, body]) => [names.get(id) ?? id, renamed(body)]),
    );
    return { schema: renamed(root), components };
  };
}

function nameFor(
  id: string,
  body: unknown,
  { schemaType, seen }: { schemaType: 'input' | 'output'; seen: Map<string, string> },
): string {
  const text = JSON.stringify(body);
  const first = seen.get(id);
  if (first === undefined) seen.set(id, text);
  if (first === undefined || first === text) return id;
  return `${id}${schemaType === 'input' ? 'Input' : 'Output'}`;
}

function renameRefs(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((each) => renameRefs(each, names));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    if (key !== '$ref' || typeof inner !== 'string') return [key, renameRefs(inner, names)];
    const id = inner.replace('#/$defs/', '');
    return [key, `#/components/schemas/${names.get(id) ?? id}`];
  });
  return Object.fromEntries(entries);
}
