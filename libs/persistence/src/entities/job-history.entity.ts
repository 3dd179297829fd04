import { Column, Entity } from 'typeorm';
import { JobColumns } from './job-columns.js';

/** A terminal job with its result or error. */
@Entity({ schema: 'baton', name: 'job_history' })
export class JobHistoryEntity extends JobColumns {
  @Column('timestamptz', { name: 'finished_at' }) finishedAt!: Date;
  @Column('text', { name: 'result_kind', nullable: true }) resultKind!: 'json' | 'file' | null;
  /** JSON. */
  @Column('text', { nullable: true }) result!: string | null;
  @Column('bytea', { nullable: true }) file!: Buffer | null;
  @Column('text', { name: 'file_type', nullable: true }) fileType!: string | null;
  @Column('text', { name: 'file_name', nullable: true }) fileName!: string | null;
  /** Bytes; null: of a release before, or no file. */
  @Column('bigint', { name: 'file_size', nullable: true }) fileSize!: string | null;
  /** Its name in S3, where it lies there. */
  @Column('text', { name: 'file_key', nullable: true }) fileKey!: string | null;
  /** After which the file is gone; null: it stays as long as the row. */
  @Column({ type: 'timestamptz', name: 'result_until', nullable: true }) resultUntil!: Date | null;
  /** When the file is next to be moved, announced or dropped. */
  @Column({ type: 'timestamptz', name: 'tier_at', nullable: true }) tierAt!: Date | null;
  /** Events of its log that came after its end. */
  @Column('smallint', { name: 'told_after' }) toldAfter!: number;
  @Column('text', { name: 'file_sha256', nullable: true }) fileSha256!: string | null;
  /** JSON `{code, message, stack?}`. */
  @Column('text', { nullable: true }) error!: string | null;
  @Column({ type: 'timestamptz', name: 'expires_at' }) expiresAt!: Date;
  /** With whose partition it goes; 'infinity': it is swept. */
  @Column({ type: 'date', name: 'drop_day' }) dropDay!: string;
}
