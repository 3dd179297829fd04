import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Work over the whole store that one process does for all. */
@Entity({ schema: 'baton', name: 'storage_pass' })
export class StoragePassEntity {
  @PrimaryColumn('text') name!: string;
  @Column('timestamptz', { name: 'due_at' }) dueAt!: Date;
}
