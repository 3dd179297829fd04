import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An object in S3 that nothing names any more. */
@Entity({ schema: 'baton', name: 'object_garbage' })
export class ObjectGarbageEntity {
  @PrimaryColumn('text') key!: string;
  @Column('timestamptz', { name: 'noticed_at' }) noticedAt!: Date;
}
