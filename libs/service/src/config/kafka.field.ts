import { readFileSync } from 'node:fs';

import { z } from 'zod';

import { parsed, type Field } from './field.js';
import { listOf } from './url.fields.js';

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** How to reach Kafka, in the words of its client. */
export interface KafkaConfig {
  brokers: readonly string[];
  ssl?: true | { ca?: string; cert?: string; key?: string };
  sasl?: { mechanism: (typeof mechanisms)[number]; username: string; password: string };
}

/** `KAFKA_BROKERS` with its TLS (`KAFKA_SSL`, `KAFKA_SSL_CA`, `_CERT`, `_KEY`) and SASL (`KAFKA_SASL_*`). */
export function kafka(): Field<KafkaConfig> {
  const pemFile = { allowed: 'the path of a readable PEM file' };
  return {
    variables: {
      KAFKA_BROKERS: { allowed: 'host:port pairs separated by commas, such as kafka-1:9092,kafka-2:9092' },
      KAFKA_SSL: { allowed: 'true or false' },
      KAFKA_SSL_CA: pemFile,
      KAFKA_SSL_CERT: pemFile,
      KAFKA_SSL_KEY: pemFile,
      KAFKA_SASL_MECHANISM: { allowed: mechanisms.join(', ') },
      KAFKA_SASL_USERNAME: { allowed: 'a name, together with KAFKA_SASL_MECHANISM and KAFKA_SASL_PASSWORD' },
      KAFKA_SASL_PASSWORD: {
        allowed: 'a password, together with KAFKA_SASL_MECHANISM and KAFKA_SASL_USERNAME',
        secret: 'whole',
      },
    },
    schema: variables.superRefine(refuseHalves).transform(toConfig),
  };
}

const pem = parsed((path) => readFileSync(path, 'utf8')).optional();

const variables = z.object({
  KAFKA_BROKERS: parsed((text) => listOf(text).map(broker)),
  KAFKA_SSL: z.stringbool().optional(),
  KAFKA_SSL_CA: pem,
  KAFKA_SSL_CERT: pem,
  KAFKA_SSL_KEY: pem,
  KAFKA_SASL_MECHANISM: z.enum(mechanisms).optional(),
  KAFKA_SASL_USERNAME: z.string().optional(),
  KAFKA_SASL_PASSWORD: z.string().optional(),
});
type Variables = z.output<typeof variables>;

const together = [
  ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'],
  ['KAFKA_SSL_CERT', 'KAFKA_SSL_KEY'],
] as const;

function refuseHalves(values: Variables, context: z.RefinementCtx): void {
  for (const names of together) {
    const set = names.filter((name) => values[name] !== undefined);
    if (set.length === 0 || set.length === names.length) continue;
    for (const name of names.filter((each) => values[each] === undefined)) {
      context.addIssue({
        code: 'custom',
        path: [name],
        message: `is not set although ${set.join(' and ')} is`,
      });
    }
  }
}

function toConfig(values: Variables): KafkaConfig {
  const { KAFKA_SSL_CA: ca, KAFKA_SSL_CERT: cert, KAFKA_SSL_KEY: key } = values;
  const {
    KAFKA_SASL_MECHANISM: mechanism,
    KAFKA_SASL_USERNAME: username,
    KAFKA_SASL_PASSWORD: password,
  } = values;
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  const ssl = Object.keys(files).length > 0 ? files : true;
  return {
    brokers: values.KAFKA_BROKERS,
    ...((values.KAFKA_SSL ?? ssl !== true) && { ssl }),
    ...(mechanism && username && password && { sasl: { mechanism, username, password } }),
  };
}

function broker(part: string): string {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+):(\d{1,5})$/i.exec(part);
  if (!match || Number(match[2]) < 1 || Number(match[2]) > 65_535)
    throw new Error(`has "${part}", which is no host:port`);
  return part;
}
