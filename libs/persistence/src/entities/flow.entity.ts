import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A graph of jobs that were accepted together: `names[i]` is `jobIds[i]`. */
@Entity({ schema: 'baton', name: 'flow' })
export class FlowEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text', { array: true }) names!: string[];
  @Column('uuid', { name: 'job_ids', array: true }) jobIds!: string[];
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) createdAt!: Date;
}
