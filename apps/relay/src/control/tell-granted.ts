import { create, toBinary } from '@bufbuild/protobuf';
import { ControlSchema } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';

/** Tells the workers which of the executions that they asked about own their attempts. Rejects while the broker is away. */
export async function tellGranted(
  producer: BrokerProducer,
  controlTopic: string,
  granted: readonly { executionId: string; workerId: string }[],
): Promise<void> {
  if (granted.length === 0) return;
  await producer.send(
    controlTopic,
    granted.map(({ executionId, workerId }) => {
      const control = create(ControlSchema, {
        control: { case: 'granted', value: { executionId, workerId } },
      });
      return { key: executionId, value: Buffer.from(toBinary(ControlSchema, control)) };
    }),
  );
}
