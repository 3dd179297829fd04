import { z } from 'zod';

import { parsed, type Field } from './field.js';

export interface S3Config {
  endpoint: string;
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Before each key; empty: nothing. */
  prefix: string;
  /** By which clients reach the store; undefined: as the services do. */
  publicEndpoint?: string | undefined;
}

const endpoint = parsed((text) => (/^https?:$/.test(URL.parse(text)?.protocol ?? '') ? text : undefined));

/** Endpoint, bucket and keys: all of them, or, where the field is optional, none. */
export function s3(): Field<S3Config> {
  return {
    variables: {
      S3_ENDPOINT: {
        allowed: 'an http or https URL, such as https://s3.eu-central-1.amazonaws.com',
        secret: 'url',
      },
      S3_BUCKET: { allowed: '3 to 63 characters of a-z, 0-9, dot and hyphen' },
      S3_REGION: { allowed: 'a region, us-east-1 when unset' },
      S3_ACCESS_KEY_ID: { allowed: 'the id of an access key' },
      S3_SECRET_ACCESS_KEY: { allowed: 'the secret of the access key', secret: 'whole' },
      S3_PREFIX: { allowed: 'at most 200 characters of a-z, A-Z, 0-9, dot, slash, underscore and hyphen' },
      S3_PUBLIC_ENDPOINT: {
        allowed: 'the http or https URL by which clients reach S3_ENDPOINT',
        secret: 'url',
      },
    },
    schema: z
      .object({
        S3_ENDPOINT: endpoint,
        S3_BUCKET: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
        S3_REGION: z.string().default('us-east-1'),
        S3_ACCESS_KEY_ID: z.string(),
        S3_SECRET_ACCESS_KEY: z.string(),
        S3_PREFIX: z
          .string()
          .regex(/^[\w./-]{1,200}$/)
          .default(''),
        S3_PUBLIC_ENDPOINT: endpoint.optional(),
      })
      .transform((values) => ({
        endpoint: values.S3_ENDPOINT,
        bucket: values.S3_BUCKET,
        region: values.S3_REGION,
        accessKeyId: values.S3_ACCESS_KEY_ID,
        secretAccessKey: values.S3_SECRET_ACCESS_KEY,
        prefix: values.S3_PREFIX,
        publicEndpoint: values.S3_PUBLIC_ENDPOINT,
      })),
  };
}
