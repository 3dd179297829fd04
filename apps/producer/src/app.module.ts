import type { S3Settings } from '@baton/objects';
import { Database, keyStore } from '@baton/persistence';
import { AuthModule, deriveJobTokenKey, secretBox } from '@baton/service';
import { addressGuard } from '@baton/service/egress';
import { type DynamicModule, Module } from '@nestjs/common';
import { DatabaseModule } from './database/database.module.js';
import { JobsModule } from './jobs/jobs.module.js';
import { KeysController } from './keys/keys.controller.js';
import { ObjectsModule } from './objects.module.js';
import type { ProducerConfig } from './producer.config.js';
import { QueuesController } from './queues/queues.controller.js';
import { SchedulesController } from './schedules/schedules.controller.js';
import { TenantsController } from './tenants/tenants.controller.js';
import { UploadLinks } from './uploads/upload-links.js';
import { UploadsController } from './uploads/uploads.controller.js';

@Module({})
export class AppModule {
  static forRoot(
    config: Pick<ProducerConfig, 'databaseUrl' | 'auth' | 'masterKey' | 'webhookAllow'> & {
      redisUrl?: string | undefined;
      s3?: S3Settings | undefined;
    },
  ): DynamicModule {
    const jobTokenKey = deriveJobTokenKey(config.masterKey);
    return {
      module: AppModule,
      imports: [
        DatabaseModule.forRoot(config.databaseUrl),
        AuthModule.forRoot({
          inject: [Database],
          useFactory: ({ pool }: Database) => ({ mode: config.auth, jobTokenKey, ...keyStore(pool) }),
        }),
        ObjectsModule.forRoot(config.s3),
        JobsModule.forRoot(config, jobTokenKey, {
          box: secretBox(config.masterKey),
          guard: addressGuard(config.webhookAllow),
        }),
      ],
      controllers: [
        QueuesController,
        SchedulesController,
        KeysController,
        TenantsController,
        UploadsController,
      ],
      providers: [{ provide: UploadLinks, useFactory: () => new UploadLinks(config.masterKey) }],
    };
  }
}
