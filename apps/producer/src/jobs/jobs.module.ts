import { Backlogs, Database } from '@baton/persistence';
import { type JobTokenKey, serviceLogger } from '@baton/service';
import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { FlowsController } from '../flows/flows.controller.js';
import { PostFlow } from '../flows/post-flow.js';
import { CancelController } from '../cancel/cancel.controller.js';
import { JobCanceller } from '../cancel/job-canceller.js';
import { DeadLettersController } from '../dead-letters/dead-letters.controller.js';
import { Replayer } from '../dead-letters/replayer.js';
import { RetryController } from '../dead-letters/retry.controller.js';
import { OperationsController } from '../operations/operations.controller.js';
import { Operations } from '../operations/operations.js';
import { UploadSealer } from '../uploads/upload-sealer.js';
import { QueueDoor } from '../queues/door.js';
import { KnownQueues } from '../queues/known-queues.js';
import { AwaitedJobs } from './awaited-jobs.js';
import { JobWebhooks, type WebhookParts, webhookParts } from './job-webhooks.js';
import { KnownEndpoints } from './known-endpoints.js';
import { JobIntake } from './job-intake.js';
import { JobsController } from './jobs.controller.js';
import { jobTokenKey, PostJobs } from './post-jobs.js';
import { RescheduleController } from './reschedule.controller.js';
import { WaitingModule } from './waiting.module.js';
import { JobStream } from './stream/job-stream.js';
import { LineIntake } from './stream/line-intake.js';

@Module({})
export class JobsModule {
  static forRoot(
    config: { databaseUrl: string; redisUrl?: string | undefined },
    tokenKey: JobTokenKey,
    webhooks: WebhookParts,
  ): DynamicModule {
    return {
      module: JobsModule,
      imports: [WaitingModule.forRoot(config)],
      controllers: [
        JobsController,
        CancelController,
        RetryController,
        RescheduleController,
        DeadLettersController,
        OperationsController,
        FlowsController,
      ],
      providers: [
        KnownQueues,
        {
          provide: Backlogs,
          inject: [Database, serviceLogger],
          useFactory: ({ pool }: Database, log: Logger) =>
            new Backlogs(pool, (message, err) => log.warn({ err }, message)),
        },
        QueueDoor,
        JobIntake,
        AwaitedJobs,
        LineIntake,
        JobStream,
        PostJobs,
        PostFlow,
        KnownEndpoints,
        JobWebhooks,
        { provide: webhookParts, useValue: webhooks },
        JobCanceller,
        Replayer,
        Operations,
        UploadSealer,
        { provide: jobTokenKey, useValue: tokenKey },
      ],
      exports: [KnownQueues, QueueDoor, UploadSealer],
    };
  }
}
