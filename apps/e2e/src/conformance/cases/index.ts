import type { System } from '../system.js';
import { orderCases } from './order.js';
import { retryCases } from './retry.js';

/** Each noun's cases; they get the system of their mode when they run. */
export const nouns: Record<string, (system: () => System) => void> = {
  order: orderCases,
  retry: retryCases,
};
