import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A release that the broker has not acknowledged yet. */
@Entity({ schema: 'baton', name: 'outbox' })
export class OutboxEntity {
  @PrimaryColumn('smallint') shard!: number;
  @PrimaryColumn('text') queue!: string;
  @PrimaryColumn('smallint') priority!: number;
  @PrimaryColumn('bigint') id!: number;
  @Column('uuid', { name: 'job_id' }) jobId!: string;
  @Column('integer') attempt!: number;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
