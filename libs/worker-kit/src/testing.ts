export {
  JobTester,
  type JobTesterOptions,
  type TestedDelivery,
  type TestedJob,
} from './testing/job-tester.js';
export { silentLog } from './testing/silent-log.js';
