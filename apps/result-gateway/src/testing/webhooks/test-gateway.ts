import { randomBytes } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@baton/persistence/testing';
import { createLogger, createService } from '@baton/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../../app.module.js';
import { keyFor } from '../test-gateway.js';

type Config = Parameters<typeof AppModule.forRoot>[0];

/** A gateway of its own over a database of its own, which may reach receivers on loopback. */
export class TestGateway {
  private constructor(
    readonly test: TestDatabase,
    readonly app: NestFastifyApplication,
    readonly masterKey: Buffer,
    readonly url: string,
  ) {}

  static async start(
    { allow = '127.0.0.0', test }: { allow?: string | null; test?: TestDatabase } = {},
    masterKey: Buffer = randomBytes(32),
  ): Promise<TestGateway> {
    const database = test ?? (await createTestDatabase());
    const webhookAllow = allow === null ? [] : [{ address: allow, prefix: 8, family: 'ipv4' as const }];
    const config = {
      databaseUrl: database.url,
      auth: 'keys' as const,
      masterKey,
      webhookAllow,
    } as unknown as Config;
    const app = await createService(AppModule.forRoot(config), {
      logger: await createLogger({ service: 'test', level: 'silent', pretty: false }),
    });
    await app.listen(0, '127.0.0.1');
    return new TestGateway(database, app, masterKey, await app.getUrl());
  }

  key(tenantId: string): Promise<string> {
    return keyFor(this.test, tenantId);
  }

  /** Calls the API; the answer's body is read. */
  async call<T = Record<string, unknown>>(
    method: string,
    path: string,
    { key, body }: { key: string; body?: unknown },
  ): Promise<{ status: number; body: T }> {
    const answer = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as T };
  }

  async close(): Promise<void> {
    await this.app.close();
    await this.test.close();
  }
}
