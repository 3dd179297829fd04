import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A batch that was published: the row `ids[i]` lies at `offsets[i]` of partition `partitions[i]`. */
@Entity({ schema: 'baton', name: 'publish_log' })
export class PublishLogEntity {
  @PrimaryColumn('text') topic!: string;
  @PrimaryColumn('bigint', { name: 'first_id' }) firstId!: number;
  @PrimaryColumn('bigint', { name: 'last_id' }) lastId!: number;
  @Column('bigint', { array: true }) ids!: number[];
  @Column('smallint', { array: true }) partitions!: number[];
  @Column('bigint', { array: true }) offsets!: number[];
  /** `<shard>:<epoch>` of each row's leader. */
  @Column('text', { array: true }) terms!: string[];
  @Column('uuid', { name: 'replica_id' }) replicaId!: string;
  @Column('timestamptz', { name: 'published_at' }) publishedAt!: Date;
}
