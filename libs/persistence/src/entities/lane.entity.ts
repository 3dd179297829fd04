import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A lane with work: jobs of one tenant, queue and ordering key, which run one at a time. */
@Entity({ schema: 'baton', name: 'lane' })
export class LaneEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('text') queue!: string;
  @PrimaryColumn('text', { name: 'ordering_key' }) orderingKey!: string;
  /** The job whose turn it is, until it is terminal. */
  @Column('uuid', { nullable: true }) holder!: string | null;
  @Column('bigint', { name: 'next_place' }) nextPlace!: number;
}
