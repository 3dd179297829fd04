import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One parent of one child; kept as long as the child is. */
@Entity({ schema: 'baton', name: 'dependency' })
export class DependencyEntity {
  @PrimaryColumn('uuid', { name: 'parent_id' }) parentId!: string;
  @PrimaryColumn('uuid', { name: 'child_id' }) childId!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text', { name: 'on_failure' }) onFailure!: 'cancel' | 'run' | 'hold';
  /** The child no longer waits for it. */
  @Column('boolean') done!: boolean;
  /** The parent's, in their flow. */
  @Column('text', { nullable: true }) name!: string | null;
}
