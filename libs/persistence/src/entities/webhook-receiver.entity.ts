import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The breaker of an endpoint, or of an origin that jobs name by themselves. */
@Entity({ schema: 'baton', name: 'webhook_receiver' })
export class WebhookReceiverEntity {
  @PrimaryColumn('text') key!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('integer') failures!: number;
  @Column('integer') trips!: number;
  @Column('timestamptz', { name: 'open_until', nullable: true }) openUntil!: Date | null;
  @Column('timestamptz', { name: 'exhausted_at', nullable: true }) exhaustedAt!: Date | null;
}
