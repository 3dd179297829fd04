import { randomBytes, randomUUID } from 'node:crypto';
import { type OutcomeKind, scopes, type Scope } from '@baton/contracts';
import {
  claimJobs,
  type ClaimedJob,
  inTransaction,
  insertApiKey,
  noteEvents,
  Notifier,
  registerWorker,
  settleBatch,
  type Settlement,
  lockJobs,
} from '@baton/persistence';
import type { S3Settings } from '@baton/objects';
import { type SeededTenant, type TestDatabase } from '@baton/persistence/testing';
import { NotifyOutcomeFeed } from '@baton/results';
import { createLogger, createService, deriveJobTokenKey, newApiKey, signJobToken } from '@baton/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../app.module.js';
import type { GatewayConfig } from '../gateway.config.js';

export const masterKey = randomBytes(32);

/** One replica of the gateway on a free port, over a database that tests share. */
export async function startGateway(
  test: TestDatabase,
  { allowedOrigins = [], s3 }: { allowedOrigins?: string[]; s3?: S3Settings } = {},
): Promise<{ app: NestFastifyApplication; url: string }> {
  const config = {
    databaseUrl: test.url,
    auth: 'keys',
    masterKey,
    allowedOrigins,
    s3,
  } as unknown as GatewayConfig;
  const logger = await createLogger({ service: 'test', level: 'silent', pretty: false });
  const app = await createService(AppModule.forRoot(config), { logger, allowedOrigins });
  await app.listen(0, '127.0.0.1');
  return { app, url: await app.getUrl() };
}

export function tokenFor(jobId: string, { tenantId }: SeededTenant, nowMs?: number): string {
  return signJobToken(deriveJobTokenKey(masterKey), { jobId, tenantId }, nowMs);
}

export async function keyFor(
  test: TestDatabase,
  tenantId: string,
  held: readonly Scope[] = scopes,
): Promise<string> {
  const { key, hash, prefix } = newApiKey();
  await insertApiKey(test.database.pool, {
    id: randomUUID(),
    tenantId,
    name: 'test',
    prefix,
    hash,
    scopes: held,
  });
  return key;
}

/** A worker as the engine sees it: it claims a queue's jobs and says what became of them. */
export class TestWorker {
  private readonly id = randomUUID();
  private readonly notifier: Notifier;
  private readonly feed: NotifyOutcomeFeed;

  constructor(private readonly test: TestDatabase) {
    this.notifier = new Notifier(test.url, { applicationName: 'test', log: () => undefined });
    this.feed = new NotifyOutcomeFeed(this.notifier);
  }

  async claim({ queue }: SeededTenant): Promise<ClaimedJob> {
    const { pool } = this.test.database;
    await registerWorker(pool, { id: this.id, source: 'polling', host: 'test', pid: 1, queues: [queue] });
    const params = { workerId: this.id, queues: [queue], executionIds: [randomUUID()], extendLease: false };
    const [job] = await claimJobs(pool, params);
    return job!;
  }

  async say(job: ClaimedJob, kind: OutcomeKind, more: Partial<Settlement> = {}): Promise<void> {
    const { jobId, attempt, executionId, tenantId, queue } = job;
    const said = {
      jobId,
      attempt,
      executionId,
      tenantId,
      queue,
      workerId: this.id,
      orderingKey: undefined,
      kind,
    };
    const settlement = { ...said, startedAtMs: Date.now(), finishedAtMs: Date.now(), ...more };
    const { settled } = await settleBatch(this.test.database.pool, [settlement]);
    await this.feed.publish(settled.flatMap((s) => (s.terminal ? [s.terminal] : [])));
  }

  async progress(jobId: string, progress: number): Promise<void> {
    await inTransaction(this.test.database.pool, async (tx) => {
      await lockJobs(tx, [jobId]);
      await noteEvents(tx, [{ jobId, type: 'job.progress', data: { progress } }]);
    });
  }

  async close(): Promise<void> {
    await this.feed.close();
    await this.notifier.close();
  }
}
