export interface S3Address {
  endpoint: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** Where the servers are. What is absent does not run; PostgreSQL is always there. */
export interface StackAddresses {
  databaseUrl: string;
  /** Comma-separated `host:port`, as `KAFKA_BROKERS` takes it. */
  kafkaBrokers?: string;
  redisUrl?: string;
  s3?: S3Address;
}
