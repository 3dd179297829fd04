export { useJob, type UseJobOptions, type WatchedJob } from './use-job.js';
