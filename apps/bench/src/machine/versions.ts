import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Redis } from 'ioredis';
import { root } from '../bench.config.js';
import { onDatabase } from '../servers/on-database.js';

export type Versions = Readonly<Record<string, string>>;

interface Servers {
  databaseUrl: string;
  redisUrl?: string | undefined;
  usesKafka: boolean;
}

/** What was measured, with what: packages as installed, servers as they say themselves. */
export async function readVersions({ databaseUrl, redisUrl, usesKafka }: Servers): Promise<Versions> {
  const packages = ['graphile-worker', 'bullmq', 'kafkajs', 'pg', 'fastify'].map(
    (name) => [name, packageVersion(name)] as const,
  );
  return {
    Baton: (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version,
    Node: process.versions.node,
    PostgreSQL: await postgresVersion(databaseUrl),
    ...(usesKafka && { Kafka: kafkaVersion() }),
    ...(redisUrl && { Redis: await redisVersion(redisUrl) }),
    ...Object.fromEntries(packages),
  };
}

function packageVersion(name: string): string {
  const text = readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

async function postgresVersion(databaseUrl: string): Promise<string> {
  const { rows } = await onDatabase(databaseUrl, (client) =>
    client.query<{ server_version: string }>('SHOW server_version'),
  );
  return rows[0]?.server_version ?? 'unknown';
}

/** The broker's start script is pinned in the pom that the local stack resolves. */
function kafkaVersion(): string {
  const pom = readFileSync(path.join(root, 'deploy/local/kafka/pom.xml'), 'utf8');
  return /<artifactId>kafka_[^<]*<\/artifactId>\s*<version>([^<]+)</.exec(pom)?.[1] ?? 'unknown';
}

async function redisVersion(url: string): Promise<string> {
  const redis = new Redis(url);
  try {
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
  } finally {
    redis.disconnect();
  }
}
