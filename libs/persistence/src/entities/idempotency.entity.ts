import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An `Idempotency-Key` that was used, and what its first request made. */
@Entity({ schema: 'baton', name: 'idempotency' })
export class IdempotencyEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('text') route!: string;
  @PrimaryColumn('text') key!: string;
  /** SHA-256 of the raw body. */
  @Column('bytea', { name: 'body_hash' }) bodyHash!: Buffer;
  @Column('uuid', { name: 'job_ids', array: true }) jobIds!: string[];
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
