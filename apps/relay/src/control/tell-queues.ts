import type { BrokerProducer } from '@baton/messaging';
import { sendControls } from './send-controls.js';

/** Tells event workers which queues are paused. Rejects while the broker is away. */
export function tellQueues(
  producer: BrokerProducer,
  controlTopic: string,
  queues: readonly { name: string; paused: boolean }[],
): Promise<void> {
  return sendControls(
    producer,
    controlTopic,
    queues.map(({ name: queue, paused }) => ({
      key: `queue/${queue}`,
      control: { case: 'queue', value: { queue, paused } },
    })),
  );
}
