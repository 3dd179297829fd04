import { Entity } from 'typeorm';
import { JobColumns } from './job-columns.js';

/** A job that is not terminal. */
@Entity({ schema: 'baton', name: 'job' })
export class JobEntity extends JobColumns {}
