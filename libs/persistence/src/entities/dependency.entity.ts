import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One parent of one child that is not terminal. */
@Entity({ schema: 'baton', name: 'dependency' })
export class DependencyEntity {
  @PrimaryColumn('uuid', { name: 'parent_id' }) parentId!: string;
  @PrimaryColumn('uuid', { name: 'child_id' }) childId!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text', { name: 'on_failure' }) onFailure!: 'cancel' | 'run' | 'hold';
  /** The child no longer waits for it. */
  @Column('boolean') done!: boolean;
}
