import { create, toBinary } from '@bufbuild/protobuf';
import { ControlSchema } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';

/** Tells event workers which queues are paused. Rejects while the broker is away. */
export async function tellQueues(
  producer: BrokerProducer,
  controlTopic: string,
  queues: readonly { name: string; paused: boolean }[],
): Promise<void> {
  if (queues.length === 0) return;
  await producer.send(
    controlTopic,
    queues.map(({ name: queue, paused }) => ({
      key: `queue/${queue}`,
      value: Buffer.from(
        toBinary(
          ControlSchema,
          create(ControlSchema, { control: { case: 'queue', value: { queue, paused } } }),
        ),
      ),
    })),
  );
}
