import { cancelKey } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';
import type { CancelToTell } from '@baton/persistence';
import { sendControls } from './send-controls.js';

/** Tells the workers of requested cancels, who skip or abort what they have. Rejects while the broker is away. */
export function tellCancelled(
  producer: BrokerProducer,
  controlTopic: string,
  cancels: readonly CancelToTell[],
): Promise<void> {
  return sendControls(
    producer,
    controlTopic,
    cancels.map(({ jobId, attempt, reason }) => ({
      key: cancelKey(jobId),
      control: { case: 'cancelled', value: { jobId, attempt, reason: reason ?? '' } },
    })),
  );
}

/** Writes the tombstones of cancels that no worker can meet any more. Rejects while the broker is away. */
export async function forgetCancelled(
  producer: BrokerProducer,
  controlTopic: string,
  jobIds: readonly string[],
): Promise<void> {
  if (jobIds.length === 0) return;
  await producer.send(
    controlTopic,
    jobIds.map((jobId) => ({ key: cancelKey(jobId), value: null })),
  );
}
