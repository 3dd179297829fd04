import { run, type Queryable } from './statement.js';

const text = `
SELECT file AS bytes, file_key AS key FROM baton.job_history WHERE id = $1 AND result_kind = 'file'`;

/** Where the bytes of a job's file are: here, or in S3. With neither they are gone. */
export interface FilePlace {
  bytes: Buffer | null;
  key: string | null;
}

/** @returns undefined when the job has no file */
export async function readFilePlace(db: Queryable, jobId: string): Promise<FilePlace | undefined> {
  const [row] = await run<FilePlace & { [column: string]: unknown }>(db, 'read-file-place', text, [jobId]);
  return row;
}
