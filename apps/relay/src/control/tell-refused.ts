import type { BrokerProducer } from '@baton/messaging';
import { sendControls } from './send-controls.js';

/** An execution that does not own its attempt, or no longer does. */
export interface RefusedRun {
  jobId: string;
  attempt: number;
  executionId: string;
  workerId: string;
}

/** Tells the workers, who abort what they run in vain. Rejects while the broker is away. */
export function tellRefused(
  producer: BrokerProducer,
  controlTopic: string,
  refused: readonly RefusedRun[],
): Promise<void> {
  return sendControls(
    producer,
    controlTopic,
    refused.map(({ jobId, attempt, executionId, workerId }) => ({
      key: executionId,
      control: { case: 'refused', value: { jobId, attempt, executionId, workerId } },
    })),
  );
}
