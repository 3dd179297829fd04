import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A tenant's receiver of webhooks. */
@Entity({ schema: 'baton', name: 'webhook_endpoint' })
export class WebhookEndpointEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') name!: string;
  @Column('text') url!: string;
  @Column('text', { array: true }) events!: string[];
  @Column('text', { array: true, nullable: true }) queues!: string[] | null;
  /** Milliseconds between tries; null: the default one. */
  @Column('bigint', { array: true, nullable: true }) schedule!: number[] | null;
  @Column('text') headers!: 'standard' | 'x-signature';
  @Column('boolean') tiers!: boolean;
  /** Sealed JSON. */
  @Column('text') keys!: string;
  @Column('text', { name: 'public_key' }) publicKey!: string;
  @Column('text', { name: 'old_keys', nullable: true }) oldKeys!: string | null;
  @Column('timestamptz', { name: 'old_keys_until', nullable: true }) oldKeysUntil!: Date | null;
  @Column('timestamptz', { name: 'disabled_at', nullable: true }) disabledAt!: Date | null;
  @Column('text', { name: 'disabled_reason', nullable: true }) disabledReason!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
}
