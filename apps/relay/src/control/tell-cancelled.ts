import { create, toBinary } from '@bufbuild/protobuf';
import { cancelKey, ControlSchema } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';
import type { CancelToTell } from '@baton/persistence';

/** Tells the workers of requested cancels, who skip or abort what they have. Rejects while the broker is away. */
export async function tellCancelled(
  producer: BrokerProducer,
  controlTopic: string,
  cancels: readonly CancelToTell[],
): Promise<void> {
  if (cancels.length === 0) return;
  await producer.send(
    controlTopic,
    cancels.map(({ jobId, attempt, reason }) => {
      const value = { jobId, attempt, reason: reason ?? '' };
      const control = create(ControlSchema, { control: { case: 'cancelled', value } });
      return { key: cancelKey(jobId), value: Buffer.from(toBinary(ControlSchema, control)) };
    }),
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
