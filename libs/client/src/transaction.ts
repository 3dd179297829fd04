export {
  enqueueIn,
  type EnqueueInOptions,
  type PrismaTransaction,
  type QueryTransaction,
} from './enqueue-in.js';
export { BatonError, type JobTypes, type PayloadOf } from '@baton/contracts';
