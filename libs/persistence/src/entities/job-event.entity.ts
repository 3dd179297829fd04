import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An event that neither the job's row nor its attempts tell; numbered in one series with those. */
@Entity({ schema: 'baton', name: 'job_event' })
export class JobEventEntity {
  @PrimaryColumn('uuid', { name: 'job_id' }) jobId!: string;
  @PrimaryColumn('integer') generation!: number;
  @PrimaryColumn('integer') seq!: number;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') type!: string;
  @Column('timestamptz') at!: Date;
  /** JSON. */
  @Column('text', { nullable: true }) data!: string | null;
}
