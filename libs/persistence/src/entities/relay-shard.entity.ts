import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A shard of the outbox (0 to 63), or the timers (64), and its leader's epoch. */
@Entity({ schema: 'baton', name: 'relay_shard' })
export class RelayShardEntity {
  @PrimaryColumn('smallint') shard!: number;
  /** Raised by each new leader: what is deleted or sent under an older one does not count. */
  @Column('bigint') epoch!: number;
  @Column('uuid', { name: 'replica_id', nullable: true }) replicaId!: string | null;
  @Column('timestamptz', { name: 'taken_at', nullable: true }) takenAt!: Date | null;
}
