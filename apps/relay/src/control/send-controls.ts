import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { ControlSchema } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';

export interface ControlWord {
  /** The topic keeps the last word of each key. */
  key: string;
  control: NonNullable<MessageInitShape<typeof ControlSchema>['control']>;
}

/** Says words on `baton.control`. Rejects while the broker is away. */
export async function sendControls(
  producer: BrokerProducer,
  controlTopic: string,
  words: readonly ControlWord[],
): Promise<void> {
  if (words.length === 0) return;
  await producer.send(
    controlTopic,
    words.map(({ key, control }) => ({
      key,
      value: Buffer.from(toBinary(ControlSchema, create(ControlSchema, { control }))),
    })),
  );
}
