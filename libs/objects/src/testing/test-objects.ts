import { randomUUID } from 'node:crypto';
import { sharedTestStack } from '@baton/local-stack';
import type { ObjectStore } from '../object-store.js';
import { openS3 } from '../s3/open-s3.js';
import type { S3Settings } from '../s3/s3-settings.js';

/** A place of its own in the bucket that tests share. */
export interface TestObjects {
  settings: S3Settings;
  objects: ObjectStore;
  /** All names in it. */
  keys: () => Promise<string[]>;
  close: () => void;
}

export async function testObjects(): Promise<TestObjects> {
  const { s3 } = await sharedTestStack({ s3: true });
  const settings = { ...s3, region: 'us-east-1', prefix: `${randomUUID()}/` };
  const objects = await openS3(settings);
  return {
    settings,
    objects,
    keys: async () => (await objects.list('', { most: 1_000 })).keys,
    close: () => objects.close(),
  };
}
