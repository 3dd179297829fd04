import type { System } from '../system.js';
import { batchCases } from './batch.js';
import { checkpointCases } from './checkpoint.js';
import { controlFlowCases } from './control-flow.js';
import { cronCases } from './cron.js';
import { delayCases } from './delay.js';
import { enqueueCases } from './enqueue.js';
import { deadlineCases } from './deadline.js';
import { timeoutCases } from './timeout.js';
import { cancelCases } from './cancel.js';
import { deadLetterCases } from './dead-letter.js';
import { eventCases } from './event.js';
import { priorityCases } from './priority.js';
import { webhookCases } from './webhook.js';
import { flowCases } from './flow.js';
import { operationCases } from './operation.js';
import { limitCases } from './limit.js';
import { orderCases } from './order.js';
import { pauseCases } from './pause.js';
import { progressCases } from './progress.js';
import { rescheduleCases } from './reschedule.js';
import { retryCases } from './retry.js';
import { uniqueCases } from './unique.js';

/** Each noun's cases; they get the system of their mode when they run. */
export const nouns: Record<string, (system: () => System) => void> = {
  batch: batchCases,
  checkpoint: checkpointCases,
  'control flow': controlFlowCases,
  cron: cronCases,
  delay: delayCases,
  enqueue: enqueueCases,
  cancel: cancelCases,
  deadline: deadlineCases,
  'dead letter': deadLetterCases,
  event: eventCases,
  flow: flowCases,
  operation: operationCases,
  limit: limitCases,
  order: orderCases,
  pause: pauseCases,
  priority: priorityCases,
  progress: progressCases,
  reschedule: rescheduleCases,
  retry: retryCases,
  timeout: timeoutCases,
  unique: uniqueCases,
  webhook: webhookCases,
};
