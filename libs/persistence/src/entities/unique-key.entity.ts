import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** Which job was last accepted under a uniqueness; that job's state says whether it is still taken. */
@Entity({ schema: 'baton', name: 'unique_key' })
export class UniqueKeyEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('text') queue!: string;
  @PrimaryColumn('bytea') hash!: Buffer;
  @Column('uuid', { name: 'job_id' }) jobId!: string;
  @CreateDateColumn({ type: 'timestamptz', name: 'accepted_at' }) acceptedAt!: Date;
  /** The end of its window. */
  @Column('timestamptz', { nullable: true }) until!: Date | null;
  /** It is kept when its job ends. */
  @Column('boolean') outlives!: boolean;
}
