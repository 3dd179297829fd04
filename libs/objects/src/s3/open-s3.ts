import type { ObjectStore } from '../object-store.js';
import type { S3Settings } from './s3-settings.js';

/** An S3 bucket, or that of a compatible store. It connects when it is first used; its client is loaded by who has one alone. */
export async function openS3(settings: S3Settings): Promise<ObjectStore> {
  const { connectS3 } = await import('./connect-s3.js');
  return connectS3(settings);
}
