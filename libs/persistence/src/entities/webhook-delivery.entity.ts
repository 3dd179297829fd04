import type { DeliveryState } from '@baton/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One event to be told to one receiver, over all its tries. */
@Entity({ schema: 'baton', name: 'webhook_delivery' })
export class WebhookDeliveryEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text', { name: 'webhook_id' }) webhookId!: string;
  @Column('text') receiver!: string;
  @Column('uuid', { name: 'endpoint_id', nullable: true }) endpointId!: string | null;
  @Column('text', { nullable: true }) url!: string | null;
  /** Sealed. */
  @Column('text', { nullable: true }) secret!: string | null;
  @Column('text') type!: string;
  @Column('timestamptz') at!: Date;
  @Column('uuid', { name: 'job_id', nullable: true }) jobId!: string | null;
  @Column('integer', { nullable: true }) generation!: number | null;
  @Column('integer', { nullable: true }) seq!: number | null;
  @Column('text', { nullable: true }) queue!: string | null;
  @Column('integer', { nullable: true }) attempt!: number | null;
  @Column('uuid', { name: 'execution_id', nullable: true }) executionId!: string | null;
  @Column('jsonb') data!: Record<string, unknown>;
  /** JSON, as is the error. */
  @Column('text', { nullable: true }) result!: string | null;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('text', { nullable: true }) traceparent!: string | null;
  @Column('text', { nullable: true }) tracestate!: string | null;
  @Column('text', { nullable: true }) baggage!: string | null;
  @Column('smallint', { name: 'plan_step', nullable: true }) planStep!: number | null;
  @Column('text') state!: DeliveryState;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('integer') step!: number;
  @Column('integer') attempts!: number;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
  @Column('uuid', { nullable: true }) claim!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt!: Date | null;
}
