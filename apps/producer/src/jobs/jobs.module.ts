import type { JobTokenKey } from '@baton/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { KnownQueues } from '../queues/known-queues.js';
import { JobIntake } from './job-intake.js';
import { JobsController } from './jobs.controller.js';
import { jobTokenKey, PostJobs } from './post-jobs.js';
import { RescheduleController } from './reschedule.controller.js';

@Module({})
export class JobsModule {
  static forRoot(tokenKey: JobTokenKey): DynamicModule {
    return {
      module: JobsModule,
      controllers: [JobsController, RescheduleController],
      providers: [KnownQueues, JobIntake, PostJobs, { provide: jobTokenKey, useValue: tokenKey }],
      exports: [KnownQueues],
    };
  }
}
