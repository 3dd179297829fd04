import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A large input that a client puts in its place. */
@Entity({ schema: 'baton', name: 'upload' })
export class UploadEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  /** Made, or last named by a job that was about to be accepted. */
  @Column('timestamptz', { name: 'named_at' }) namedAt!: Date;
  /** The copy that jobs read; null: it is not sealed yet. */
  @Column('uuid', { nullable: true }) seal!: string | null;
  /** Bytes, and their hash in hex, of what is sealed. */
  @Column('bigint', { nullable: true }) size!: string | null;
  @Column('text', { nullable: true }) sha256!: string | null;
  /** The bytes, where there is no S3. */
  @Column('bytea', { nullable: true }) body!: Buffer | null;
}
