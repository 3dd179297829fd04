import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A relay process, and the session that holds its locks. */
@Entity({ schema: 'baton', name: 'relay_replica' })
export class RelayReplicaEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('text') host!: string;
  @Column('integer') pid!: number;
  @Column('integer', { name: 'backend_pid' }) backendPid!: number;
  @Column('timestamptz', { name: 'backend_start' }) backendStart!: Date;
  @Column('timestamptz', { name: 'started_at' }) startedAt!: Date;
  @Column('timestamptz', { name: 'renewed_at' }) renewedAt!: Date;
}
