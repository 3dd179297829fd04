import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One try of a delivery, and what came of it. */
@Entity({ schema: 'baton', name: 'webhook_attempt' })
export class WebhookAttemptEntity {
  @PrimaryColumn('uuid', { name: 'delivery_id' }) deliveryId!: string;
  @PrimaryColumn('integer') attempt!: number;
  @Column('timestamptz') at!: Date;
  @Column('text') outcome!: string;
  @Column('integer', { nullable: true }) status!: number | null;
  @Column('text', { nullable: true }) error!: string | null;
  @Column('jsonb') request!: { url: string; headers: Record<string, string> };
  @Column('jsonb', { nullable: true }) response!: { headers: Record<string, string> } | null;
  @Column('jsonb') timings!: Record<string, number>;
}
