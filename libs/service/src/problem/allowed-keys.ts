import { z } from 'zod';

/** The keys of the object schemas that stand at a path of a zod schema; none for another kind of schema. */
export function allowedKeys(schema: unknown, path: readonly PropertyKey[]): string[] {
  if (!(schema instanceof z.core.$ZodType)) return [];
  let at = unwrap(schema);
  for (const key of path) at = at.flatMap((each) => stepInto(each, key));
  const keys = at.flatMap((each) =>
    each instanceof z.core.$ZodObject ? Object.keys(each._zod.def.shape as object) : [],
  );
  return [...new Set(keys)];
}

function stepInto(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType[] {
  if (schema instanceof z.core.$ZodObject) {
    const inner = (schema._zod.def.shape as Record<PropertyKey, z.core.$ZodType | undefined>)[key];
    return inner ? unwrap(inner) : [];
  }
  if (schema instanceof z.core.$ZodArray) return unwrap(schema._zod.def.element);
  if (schema instanceof z.core.$ZodRecord) return unwrap(schema._zod.def.valueType);
  return [];
}

/** The schemas beneath `optional`, `default`, `transform` and their kind; of a union, all of its branches. */
function unwrap(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.core.$ZodUnion) return schema._zod.def.options.flatMap(unwrap);
  if (schema instanceof z.core.$ZodIntersection)
    return [schema._zod.def.left, schema._zod.def.right].flatMap(unwrap);
  if (schema instanceof z.core.$ZodPipe) return unwrap(schema._zod.def.in);
  if (schema instanceof z.core.$ZodLazy) return unwrap(schema._zod.def.getter());
  const inner = (schema._zod.def as { innerType?: z.core.$ZodType }).innerType;
  return inner ? unwrap(inner) : [schema];
}
