import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { OperationKind, OperationState } from '../operations/operation.js';
import type { OperationFilter } from '../operations/operation-filter.js';

/** Something done to many jobs, in slices. */
@Entity({ schema: 'baton', name: 'operation' })
export class OperationEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') kind!: OperationKind;
  @Column('jsonb') filter!: OperationFilter;
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('text') state!: OperationState;
  @Column('bigint') done!: number;
  /** Jobs that were in a state that does not allow it. */
  @Column('bigint') failed!: number;
  @Column('bigint', { nullable: true }) total!: number | null;
  @Column('integer', { name: 'rate_per_second', nullable: true }) ratePerSecond!: number | null;
  /** Jobs up to this id are worked off. */
  @Column('uuid', { nullable: true }) position!: string | null;
  /** Jobs of earlier slices whose lanes were busy. */
  @Column('uuid', { array: true }) again!: string[];
  @Column('timestamptz', { name: 'next_at' }) nextAt!: Date;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'updated_at' }) updatedAt!: Date;
  @Column('timestamptz', { name: 'finished_at', nullable: true }) finishedAt!: Date | null;
}
