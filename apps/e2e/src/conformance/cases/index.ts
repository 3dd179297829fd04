import type { System } from '../system.js';
import { checkpointCases } from './checkpoint.js';
import { orderCases } from './order.js';
import { progressCases } from './progress.js';
import { retryCases } from './retry.js';

/** Each noun's cases; they get the system of their mode when they run. */
export const nouns: Record<string, (system: () => System) => void> = {
  checkpoint: checkpointCases,
  order: orderCases,
  progress: progressCases,
  retry: retryCases,
};
