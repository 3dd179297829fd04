export type { TestedJob } from './testing/inline-server.js';
export { JobTester, type JobTesterOptions, type TestedDelivery } from './testing/job-tester.js';
export type { EnqueuedJob } from './testing/recording-enqueuer.js';
export { silentLog } from './testing/silent-log.js';
export type { TestedAttempt } from './testing/tested-attempt.js';
