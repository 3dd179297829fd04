import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A job whose events are published, and up to where they are. */
@Entity({ schema: 'baton', name: 'event_cursor' })
export class EventCursorEntity {
  @PrimaryColumn('uuid', { name: 'job_id' }) jobId!: string;
  @Column('integer') generation!: number;
  @Column('integer') seq!: number;
}
