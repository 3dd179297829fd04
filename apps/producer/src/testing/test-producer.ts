import { randomBytes } from 'node:crypto';
import { type Scope, scopes } from '@baton/contracts';
import type { S3Settings } from '@baton/objects';
import { insertApiKey } from '@baton/persistence';
import {
  createTestDatabase,
  type SeededTenant,
  seedTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import { type AuthMode, createLogger, createService, newApiKey } from '@baton/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { uuidv7 } from 'uuidv7';
import { AppModule } from '../app.module.js';
import { configureHttp } from '../configure-http.js';

type Injected = Awaited<ReturnType<NestFastifyApplication['inject']>>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Call {
  key?: string | undefined;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The producer as it is served, without a port, on a database of its own. */
export class TestProducer {
  readonly masterKey = randomBytes(32);

  private constructor(
    readonly test: TestDatabase,
    readonly app: NestFastifyApplication,
  ) {}

  static async start({
    auth = 'keys',
    s3,
  }: { auth?: AuthMode; s3?: S3Settings } = {}): Promise<TestProducer> {
    const test = await createTestDatabase();
    const masterKey = randomBytes(32);
    const module = AppModule.forRoot({ databaseUrl: test.url, auth, masterKey, webhookAllow: [], s3 });
    const app = await createService(module, {
      logger: await createLogger({ service: 'producer', level: 'silent' }),
    });
    await configureHttp(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    return Object.assign(new TestProducer(test, app), { masterKey });
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.test.close();
  }

  /** A tenant with a queue and a key. */
  async tenant(held: readonly Scope[] = scopes): Promise<SeededTenant & { key: string }> {
    const tenant = await seedTenant(this.test.database);
    return { ...tenant, key: await this.keyFor(tenant.tenantId, held) };
  }

  async keyFor(tenantId: string, held: readonly Scope[]): Promise<string> {
    const { key, hash, prefix } = newApiKey();
    await insertApiKey(this.test.database.pool, {
      id: uuidv7(),
      tenantId,
      name: 'test',
      prefix,
      hash,
      scopes: held,
    });
    return key;
  }

  /** @param call.body a string is sent as it is */
  async call(method: Method, url: string, { key, body, headers = {} }: Call = {}): Promise<Injected> {
    return this.app.inject({
      method,
      url,
      headers: {
        ...(key !== undefined && { authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && {
        payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      }),
    });
  }
}
