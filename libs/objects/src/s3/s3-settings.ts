/** Where the bucket is, as the environment says it (`S3_*`). */
export interface S3Settings {
  endpoint: string;
  bucket: string;
  region: string;
  accessKeyId: string;
  secretAccessKey: string;
  /** Before each key, so that deployments may share a bucket. */
  prefix?: string | undefined;
  /** Of the links that clients are given, where they reach the store by another name than the services do. */
  publicEndpoint?: string | undefined;
}
