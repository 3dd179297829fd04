import type { BrokerProducer } from '@baton/messaging';
import { sendControls } from './send-controls.js';

/** Tells the workers which of the executions that they asked about own their attempts. Rejects while the broker is away. */
export function tellGranted(
  producer: BrokerProducer,
  controlTopic: string,
  granted: readonly { executionId: string; workerId: string }[],
): Promise<void> {
  return sendControls(
    producer,
    controlTopic,
    granted.map(({ executionId, workerId }) => ({
      key: executionId,
      control: { case: 'granted', value: { executionId, workerId } },
    })),
  );
}
