import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The inbox's own clock: the broker's time of the last record applied, a partition. */
@Entity({ schema: 'baton', name: 'inbox_progress' })
export class InboxProgressEntity {
  @PrimaryColumn('integer') partition!: number;
  @Column('timestamptz', { name: 'reached_at' }) reachedAt!: Date;
  @Column('bigint', { name: 'reached_offset' }) reachedOffset!: number;
}
