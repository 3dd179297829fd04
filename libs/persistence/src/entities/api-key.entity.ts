import type { Scope } from '@baton/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

@Entity({ schema: 'baton', name: 'api_key' })
export class ApiKeyEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') name!: string;
  /** The key's first characters, to tell keys apart in a list. */
  @Column('text') prefix!: string;
  /** SHA-256 of the key. */
  @Column('bytea') hash!: Buffer;
  @Column('text', { array: true }) scopes!: Scope[];
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'disabled_at', nullable: true }) disabledAt!: Date | null;
}
