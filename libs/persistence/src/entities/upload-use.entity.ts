import { Entity, PrimaryColumn } from 'typeorm';

/** An upload that a job names. */
@Entity({ schema: 'baton', name: 'upload_use' })
export class UploadUseEntity {
  @PrimaryColumn('uuid', { name: 'upload_id' }) uploadId!: string;
  @PrimaryColumn('uuid', { name: 'job_id' }) jobId!: string;
}
