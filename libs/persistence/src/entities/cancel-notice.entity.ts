import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A record on the control topic that names a cancelled job; it goes when its tombstone is written. */
@Entity({ schema: 'baton', name: 'cancel_notice' })
export class CancelNoticeEntity {
  @PrimaryColumn('uuid', { name: 'job_id' }) jobId!: string;
  @Column('text') queue!: string;
  @Column('smallint') priority!: number;
  @Column('integer') attempt!: number;
  @Column('bigint', { name: 'outbox_id', nullable: true }) outboxId!: number | null;
  @Column('timestamptz', { name: 'told_at', nullable: true }) toldAt!: Date | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
}
