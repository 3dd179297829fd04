import type { QueueEventType } from '@baton/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What happened to a queue, until it is published. */
@Entity({ schema: 'baton', name: 'queue_event' })
export class QueueEventEntity {
  @PrimaryColumn('bigint') id!: number;
  @Column('text') queue!: string;
  @Column('text') type!: QueueEventType;
  @Column('timestamptz') at!: Date;
  /** JSON. */
  @Column('text') data!: string;
}
