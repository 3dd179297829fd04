import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A gate counts what it lets through, so that the lower priorities have their turn. */
export class GateTurns0014 implements MigrationInterface {
  readonly name = 'GateTurns1700000000014';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE baton.gate ADD COLUMN taken smallint NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE baton.gate DROP COLUMN taken');
  }
}
