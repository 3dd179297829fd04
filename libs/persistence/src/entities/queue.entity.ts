import type { Backoff, DispatchMode } from '@baton/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

@Entity({ schema: 'baton', name: 'queue' })
export class QueueEntity {
  @PrimaryColumn('text') name!: string;
  @Column('text', { name: 'dispatch_mode' }) dispatchMode!: DispatchMode;
  @Column('integer', { name: 'max_attempts' }) maxAttempts!: number;
  @Column('jsonb') backoff!: Backoff;
  @Column('bigint', { name: 'timeout_ms' }) timeoutMs!: number;
  /** Records that may lie unread on the queue's topic; the rest of the backlog stays in PostgreSQL. */
  @Column('integer', { name: 'publish_window' }) publishWindow!: number;
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) createdAt!: Date;
  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' }) updatedAt!: Date;
}
