import { S3Client } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../object-store.js';
import type { S3Settings } from './s3-settings.js';
import { S3ObjectStore } from './s3-object-store.js';

export function connectS3(settings: S3Settings): ObjectStore {
  const { bucket, prefix = '', endpoint, publicEndpoint } = settings;
  const client = clientOf(settings, endpoint);
  const linkClient = publicEndpoint === undefined ? client : clientOf(settings, publicEndpoint);
  return new S3ObjectStore({ client, linkClient, bucket, prefix });
}

function clientOf({ region, accessKeyId, secretAccessKey }: S3Settings, endpoint: string): S3Client {
  return new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    // The newer checksums are AWS's own: other stores refuse a request that has them, and a signed link would demand them.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 2_000, socketTimeout: 30_000 },
  });
}
