import type { MigrationInterface, QueryRunner } from 'typeorm';

/** With whom a job was lost, so that what was held against it can be taken back should that worker return. */
export class Rescue0006 implements MigrationInterface {
  readonly name = 'Rescue1700000000006';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['job', 'job_history']) await runner.query(`ALTER TABLE baton.${table} ${columns}`);
    await runner.query('CREATE INDEX job_died_with ON baton.job (died_with) WHERE died_with IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['job', 'job_history'])
      await runner.query(`ALTER TABLE baton.${table} DROP COLUMN died_with, DROP COLUMN death`);
  }
}

const columns = `
  ADD COLUMN died_with uuid,   -- the worker with which its last lost attempt went
  ADD COLUMN death text        -- of an attempt that was alone: 'counted' as a crash, or 'unsure' after a mere lapse`;
