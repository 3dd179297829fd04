import os from 'node:os';
import path from 'node:path';
import { LocalStackConfigError } from './local-stack.error.js';
import type { S3Address, StackAddresses } from './stack/stack-addresses.js';

export interface LocalStackConfig {
  /** The variables that child processes get. */
  environment: NodeJS.ProcessEnv;
  searchPath: string;
  javaHome: string | undefined;
  /** Per user, outside the repository: a fresh clone need not resolve or unpack anything again. */
  cacheDirectory: string;
  /** Servers that run elsewhere; the stack starts none in their place. */
  given: Partial<StackAddresses>;
}

/** Reads the environment; throws LocalStackConfigError that names the variable, its value and what is allowed. */
export function readLocalStackConfig(environment: NodeJS.ProcessEnv = process.env): LocalStackConfig {
  const home = environment['HOME'] ?? os.homedir();
  return {
    environment,
    searchPath: environment['PATH'] ?? '',
    javaHome: environment['JAVA_HOME'] || undefined,
    cacheDirectory: path.join(environment['XDG_CACHE_HOME'] || path.join(home, '.cache'), 'baton'),
    given: readGivenAddresses(environment),
  };
}

function readGivenAddresses(environment: NodeJS.ProcessEnv): Partial<StackAddresses> {
  const databaseUrl = readUrl(environment, 'DATABASE_URL', ['postgres:', 'postgresql:']);
  const redisUrl = readUrl(environment, 'REDIS_URL', ['redis:', 'rediss:']);
  const kafkaBrokers = readBrokers(environment);
  const s3 = readS3(environment);
  return {
    ...(databaseUrl && { databaseUrl }),
    ...(kafkaBrokers && { kafkaBrokers }),
    ...(redisUrl && { redisUrl }),
    ...(s3 && { s3 }),
  };
}

function readUrl(
  environment: NodeJS.ProcessEnv,
  name: string,
  protocols: readonly string[],
): string | undefined {
  const value = environment[name];
  if (!value) return undefined;
  const url = URL.parse(value);
  if (!url || !protocols.includes(url.protocol)) {
    throw new LocalStackConfigError(
      `${name} is "${hidePassword(value)}"; allowed is a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}`,
    );
  }
  return value;
}

function hidePassword(value: string): string {
  return value.replace(/:[^:@/]*@/, ':***@');
}

function readBrokers(environment: NodeJS.ProcessEnv): string | undefined {
  const value = environment['KAFKA_BROKERS'];
  if (!value) return undefined;
  if (!value.split(',').every((broker) => /^\s*[^\s:,]+:\d{1,5}\s*$/.test(broker))) {
    throw new LocalStackConfigError(
      `KAFKA_BROKERS is "${value}"; allowed is host:port, several separated by commas`,
    );
  }
  return value;
}

function readS3(environment: NodeJS.ProcessEnv): S3Address | undefined {
  const names = ['S3_ENDPOINT', 'S3_BUCKET', 'S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const;
  const missing = names.filter((name) => !environment[name]);
  if (missing.length === names.length) return undefined;
  if (missing.length > 0)
    throw new LocalStackConfigError(
      `${missing.join(', ')} not set; allowed is all of ${names.join(', ')}, or none`,
    );
  return {
    endpoint: readUrl(environment, 'S3_ENDPOINT', ['http:', 'https:']) ?? '',
    bucket: environment['S3_BUCKET'] ?? '',
    accessKeyId: environment['S3_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: environment['S3_SECRET_ACCESS_KEY'] ?? '',
  };
}
