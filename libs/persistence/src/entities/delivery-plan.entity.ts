import type { DeliveryStep } from '@baton/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which channel of a job's delivery plan has its turn, from the job's end until one is acknowledged. */
@Entity({ schema: 'baton', name: 'delivery_plan' })
export class DeliveryPlanEntity {
  @PrimaryColumn('uuid', { name: 'job_id' }) jobId!: string;
  @PrimaryColumn('integer') generation!: number;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('integer') seq!: number;
  @Column('jsonb') steps!: DeliveryStep[];
  @Column('smallint') step!: number;
  @Column('timestamptz', { name: 'step_until', nullable: true }) stepUntil!: Date | null;
  @Column('text') state!: 'active' | 'acknowledged' | 'exhausted';
  @Column('text', { nullable: true }) reason!: string | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'ended_at', nullable: true }) endedAt!: Date | null;
}
