import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A job may go from its hold straight to the worker that let the last one end. */
export class HandOver0013 implements MigrationInterface {
  readonly name = 'HandOver1700000000013';

  async up(runner: QueryRunner): Promise<void> {
    // A new database has it from the first migration, which copies the table of moves as it is now.
    await runner.query(
      `INSERT INTO baton.job_transition (from_state, to_state, moved_by) VALUES ('held', 'running', 'handover') ON CONFLICT DO NOTHING`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM baton.job_transition WHERE moved_by = 'handover'`);
  }
}
