import { create, toBinary } from '@bufbuild/protobuf';
import { ControlSchema } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';

/** An execution that does not own its attempt, or no longer does. */
export interface RefusedRun {
  jobId: string;
  attempt: number;
  executionId: string;
  workerId: string;
}

/** Tells the workers, who abort what they run in vain. Rejects while the broker is away. */
export async function tellRefused(
  producer: BrokerProducer,
  controlTopic: string,
  refused: readonly RefusedRun[],
): Promise<void> {
  if (refused.length === 0) return;
  await producer.send(
    controlTopic,
    refused.map(({ jobId, attempt, executionId, workerId }) => ({
      key: executionId,
      value: Buffer.from(
        toBinary(
          ControlSchema,
          create(ControlSchema, {
            control: { case: 'refused', value: { jobId, attempt, executionId, workerId } },
          }),
        ),
      ),
    })),
  );
}
