import { fields, type Field, type KafkaConfig } from '@baton/service';
import { z } from 'zod';

/** Where a worker's jobs come from: `DISPATCH_MODE`, and what that mode needs. */
export type Source = { mode: 'polling'; databaseUrl: string } | { mode: 'event'; kafka: KafkaConfig };

const mode = fields.dispatchMode();
const database = fields.databaseUrl();
const kafka = fields.kafka();

type Given = Record<string, string>;

/**
 * `polling` needs `DATABASE_URL`, `event` needs `KAFKA_BROKERS` (with its TLS and SASL). What only the other mode
 * needs is not looked at: an event worker has no use for PostgreSQL and never learns where it is.
 */
export function source(): Field<Source> {
  return {
    variables: { ...mode.variables, ...database.variables, ...kafka.variables },
    schema: z.record(z.string(), z.string()).transform((given, context): Source => {
      const wanted = 'DISPATCH_MODE' in given ? read(mode, given, context) : 'polling';
      if (wanted === 'polling')
        return { mode: wanted, databaseUrl: need(database, 'DATABASE_URL', { given, context, wanted }) };
      if (wanted === 'event')
        return { mode: wanted, kafka: need(kafka, 'KAFKA_BROKERS', { given, context, wanted }) };
      return z.NEVER;
    }),
  };
}

function need<T>(
  field: Field<T>,
  variable: string,
  { given, context, wanted }: { given: Given; context: z.RefinementCtx; wanted: string },
): T {
  if (variable in given) return read(field, given, context) ?? z.NEVER;
  context.addIssue({
    code: 'custom',
    path: [variable],
    message: `is not set, and DISPATCH_MODE is ${wanted}`,
  });
  return z.NEVER;
}

function read<T>(field: Field<T>, given: Given, context: z.RefinementCtx): T | undefined {
  const own = Object.fromEntries(Object.entries(given).filter(([name]) => name in field.variables));
  const result = field.schema.safeParse(own);
  if (result.success) return result.data;
  for (const { code, path, message } of result.error.issues) {
    context.addIssue({
      code: 'custom',
      path: [...path],
      message: code === 'custom' ? message : 'is not valid',
    });
  }
  return undefined;
}
