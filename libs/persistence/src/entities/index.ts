import { ApiKeyEntity } from './api-key.entity.js';
import { JobAttemptEntity } from './job-attempt.entity.js';
import { JobHistoryEntity } from './job-history.entity.js';
import { JobEntity } from './job.entity.js';
import { QueueEntity } from './queue.entity.js';
import { TenantEntity } from './tenant.entity.js';
import { WorkerEntity } from './worker.entity.js';

export const entities = [
  ApiKeyEntity,
  JobAttemptEntity,
  JobEntity,
  JobHistoryEntity,
  QueueEntity,
  TenantEntity,
  WorkerEntity,
];
