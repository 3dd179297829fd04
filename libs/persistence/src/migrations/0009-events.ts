import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the log of a job's events needs beside what its row, its attempts and `job_event` tell. */
export class Events0009 implements MigrationInterface {
  readonly name = 'Events1700000000009';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['job', 'job_history']) await runner.query(`ALTER TABLE baton.${table} ${jobColumn}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['job', 'job_history'])
      await runner.query(`ALTER TABLE baton.${table} DROP COLUMN first_due_at`);
  }
}

// A retry and a reschedule overwrite run_at; event 2 of the log goes on saying what it said.
const jobColumn = `ADD COLUMN first_due_at timestamptz -- it was accepted with; null: it was due at once`;
