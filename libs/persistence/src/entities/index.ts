import { ApiKeyEntity } from './api-key.entity.js';
import { CancelNoticeEntity } from './cancel-notice.entity.js';
import { DependencyEntity } from './dependency.entity.js';
import { FlowEntity } from './flow.entity.js';
import { EventCursorEntity } from './event-cursor.entity.js';
import { FollowUpEntity } from './follow-up.entity.js';
import { GateEntity } from './gate.entity.js';
import { IdempotencyEntity } from './idempotency.entity.js';
import { InboxProgressEntity } from './inbox-progress.entity.js';
import { JobAttemptEntity } from './job-attempt.entity.js';
import { JobEventEntity } from './job-event.entity.js';
import { JobHistoryEntity } from './job-history.entity.js';
import { JobEntity } from './job.entity.js';
import { LaneEntity } from './lane.entity.js';
import { ObjectGarbageEntity } from './object-garbage.entity.js';
import { OperationEntity } from './operation.entity.js';
import { OutboxEntity } from './outbox.entity.js';
import { PublishLogEntity } from './publish-log.entity.js';
import { QueueEventEntity } from './queue-event.entity.js';
import { QueueEntity } from './queue.entity.js';
import { RelayReplicaEntity } from './relay-replica.entity.js';
import { RelayShardEntity } from './relay-shard.entity.js';
import { ScheduleEntity } from './schedule.entity.js';
import { StoragePassEntity } from './storage-pass.entity.js';
import { TenantEntity } from './tenant.entity.js';
import { DeliveryPlanEntity } from './delivery-plan.entity.js';
import { WebhookAttemptEntity } from './webhook-attempt.entity.js';
import { WebhookDeliveryEntity } from './webhook-delivery.entity.js';
import { WebhookEndpointEntity } from './webhook-endpoint.entity.js';
import { WebhookReceiverEntity } from './webhook-receiver.entity.js';
import { UploadUseEntity } from './upload-use.entity.js';
import { UploadEntity } from './upload.entity.js';
import { UniqueKeyEntity } from './unique-key.entity.js';
import { WorkerEntity } from './worker.entity.js';

/** One for each table; a test holds them against the migrations, column by column. */
export const entities = [
  ApiKeyEntity,
  CancelNoticeEntity,
  DependencyEntity,
  FlowEntity,
  EventCursorEntity,
  FollowUpEntity,
  GateEntity,
  IdempotencyEntity,
  InboxProgressEntity,
  JobAttemptEntity,
  JobEntity,
  JobEventEntity,
  JobHistoryEntity,
  LaneEntity,
  ObjectGarbageEntity,
  OperationEntity,
  OutboxEntity,
  PublishLogEntity,
  QueueEntity,
  QueueEventEntity,
  RelayReplicaEntity,
  RelayShardEntity,
  ScheduleEntity,
  StoragePassEntity,
  TenantEntity,
  UploadEntity,
  UploadUseEntity,
  DeliveryPlanEntity,
  WebhookAttemptEntity,
  WebhookDeliveryEntity,
  WebhookEndpointEntity,
  WebhookReceiverEntity,
  UniqueKeyEntity,
  WorkerEntity,
];
