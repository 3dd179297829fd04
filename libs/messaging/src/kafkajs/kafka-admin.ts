import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type {
  BrokerAdmin,
  CommittedOffset,
  PartitionRange,
  TopicDescription,
  TopicSpec,
} from '../broker-admin.js';
import { BrokerUnavailableError } from '../broker.error.js';
import { classify, isMissingTopic, protocolType } from './classify-error.js';
import { defaults } from './kafka-client.js';
import type { KafkaOptions } from './kafka-options.js';
import { ConfigResourceTypes } from './library.js';
import { ReconnectingClient } from './reconnecting-client.js';
import { within } from './within.js';

const retry = { initialRetryTime: 100, maxRetryTime: 500, factor: 0.2, multiplier: 2, retries: 3 };

interface About {
  topic?: string;
  /** An error that is an answer: the connection is well. */
  expected?: (error: unknown) => boolean;
}

/** Administrative calls over one connection of their own, which is made anew after a failure. */
export class KafkaAdmin implements BrokerAdmin {
  private readonly timeoutMs: number;
  private readonly connection: ReconnectingClient<Admin>;
  private lastSuccess = -Infinity;

  constructor(private readonly options: KafkaOptions) {
    this.timeoutMs = options.adminTimeoutMs ?? defaults.adminTimeoutMs;
    this.connection = new ReconnectingClient(options, {
      name: `${options.clientId}.admin`,
      connectTimeoutMs: this.timeoutMs,
      make: (kafka) => kafka.admin({ retry }),
    });
  }

  async ensureTopics(specs: readonly TopicSpec[]): Promise<string[]> {
    const made: string[] = [];
    for (const spec of specs) {
      if ((await this.partitionCount(spec.topic)) !== undefined) continue;
      if (await this.createTopic(spec)) made.push(spec.topic);
      await this.appearance(spec.topic);
    }
    return made;
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      if ((await this.partitionCount(topic)) === undefined) continue;
      await this.call(`Deleting the topic ${topic}`, (admin) =>
        admin.deleteTopics({ topics: [topic], timeout: this.timeoutMs }),
      );
    }
  }

  async describeTopic(topic: string): Promise<TopicDescription | undefined> {
    const partitions = await this.partitionCount(topic);
    if (partitions === undefined) return undefined;
    const { resources } = await this.call(`Describing the topic ${topic}`, (admin) =>
      admin.describeConfigs({
        includeSynonyms: false,
        resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }],
      }),
    );
    const entries = resources.flatMap(({ configEntries }) => configEntries);
    return {
      topic,
      partitions,
      config: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
    };
  }

  /** `undefined` for a topic that does not exist. */
  async partitionCount(topic: string): Promise<number | undefined> {
    try {
      const { topics } = await this.call(
        `Looking up the topic ${topic}`,
        (admin) => admin.fetchTopicMetadata({ topics: [topic] }),
        {
          topic,
          expected: isMissingTopic,
        },
      );
      return topics.find(({ name }) => name === topic)?.partitions.length;
    } catch (error) {
      if (isMissingTopic(error)) return undefined;
      throw error;
    }
  }

  async topicEndOffsets(topic: string): Promise<PartitionRange[]> {
    const offsets = await this.call(
      `Reading the ends of ${topic}`,
      (admin) => admin.fetchTopicOffsets(topic),
      { topic },
    );
    return offsets
      .map(({ partition, low, high }) => ({ partition, low: BigInt(low), high: BigInt(high) }))
      .sort((a, b) => a.partition - b.partition);
  }

  async committedOffsets(groupId: string, topic: string): Promise<CommittedOffset[]> {
    const topics = await this.call(
      `Reading the offsets of the group ${groupId}`,
      (admin) => admin.fetchOffsets({ groupId, topics: [topic] }),
      { topic },
    );
    return topics
      .flatMap(({ partitions }) => partitions)
      .map(({ partition, offset, metadata }) => ({
        partition,
        // Negative: none, or kafkajs's mark for "from the beginning" after an offset out of range.
        offset: BigInt(offset) < 0n ? undefined : BigInt(offset),
        metadata: metadata ?? undefined,
      }))
      .sort((a, b) => a.partition - b.partition);
  }

  async trim(topic: string, partitions: readonly { partition: number; offset: bigint }[]): Promise<void> {
    const ranges = new Map((await this.topicEndOffsets(topic)).map((range) => [range.partition, range]));
    const due = partitions.flatMap(({ partition, offset }) => {
      const range = ranges.get(partition);
      if (!range || offset <= range.low) return [];
      return [{ partition, offset: String(offset > range.high ? range.high : offset) }];
    });
    if (due.length === 0) return;
    await this.call(`Trimming ${topic}`, (admin) => admin.deleteTopicRecords({ topic, partitions: due }), {
      topic,
    });
  }

  async deleteGroups(groupIds: readonly string[]): Promise<void> {
    for (const groupId of groupIds) {
      try {
        await this.call(`Deleting the group ${groupId}`, async (admin) => {
          await admin.deleteGroups([groupId]);
        });
      } catch (error) {
        if (deleteGroupError(error) !== 'GROUP_ID_NOT_FOUND') throw error;
      }
    }
  }

  async groupMembers(groupId: string): Promise<{ memberId: string; clientId: string; host: string }[]> {
    const { groups } = await this.call(`Describing the group ${groupId}`, (admin) =>
      admin.describeGroups([groupId]),
    );
    return groups
      .flatMap(({ members }) => members)
      .map(({ memberId, clientId, clientHost }) => ({ memberId, clientId, host: clientHost }));
  }

  async ping(): Promise<boolean> {
    try {
      await this.call('A metadata request', (admin) => admin.describeCluster());
      return true;
    } catch (error) {
      this.options.log?.('debug', 'The broker did not answer a ping', { error });
      return false;
    }
  }

  isConnected(withinMs: number): boolean {
    return performance.now() - this.lastSuccess <= withinMs;
  }

  close(): Promise<void> {
    return this.connection.close(2_000);
  }

  /** Brokers learn of a topic a moment after the controller has made it, perhaps for another process. */
  private async appearance(topic: string): Promise<void> {
    const deadline = performance.now() + this.timeoutMs;
    while ((await this.partitionCount(topic)) === undefined) {
      if (performance.now() > deadline)
        throw new BrokerUnavailableError(`The topic ${topic} was made but is not to be seen.`, { topic });
      await delay(50);
    }
  }

  private async createTopic(spec: TopicSpec): Promise<boolean> {
    const { topic, partitions, replicationFactor, config = {} } = spec;
    return this.call(`Making the topic ${topic}`, (admin) =>
      admin.createTopics({
        timeout: this.timeoutMs,
        // Waiting here would fail on a topic that the broker's metadata does not show yet; `appearance` waits for it.
        waitForLeaders: false,
        topics: [
          {
            topic,
            numPartitions: partitions,
            replicationFactor: replicationFactor ?? -1,
            configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
          },
        ],
      }),
    );
  }

  private async call<T>(what: string, action: (admin: Admin) => Promise<T>, about: About = {}): Promise<T> {
    const late = (): Error =>
      new BrokerUnavailableError(`${what} failed: no answer within ${this.timeoutMs} ms.`, {
        topic: about.topic,
      });
    return within(this.attempt(what, action, about), this.timeoutMs, late);
  }

  /**
   * Twice, if need be: the first failure may be that of a connection which died unnoticed, or of a
   * topic deleted since, which kafkajs goes on asking for in the metadata request before other calls.
   */
  private async attempt<T>(
    what: string,
    action: (admin: Admin) => Promise<T>,
    about: About,
    again = true,
  ): Promise<T> {
    let connected;
    try {
      connected = await this.connection.get();
      const result = await within(
        action(connected.client),
        this.timeoutMs,
        () => new Error(`no answer within ${this.timeoutMs} ms`),
      );
      this.lastSuccess = performance.now();
      return result;
    } catch (error) {
      const failure = classify(error, what, { topic: about.topic });
      if (!connected || about.expected?.(error)) throw failure;
      const own = await this.connection.retire(connected, 'An administrative call failed.');
      const answered = (protocolType(error) ?? deleteGroupError(error)) !== undefined;
      // Another call's failure cut the connection beneath this one.
      if (!own && !answered) return this.attempt(what, action, about, again);
      if (again && (!answered || (isMissingTopic(error) && about.topic === undefined)))
        return this.attempt(what, action, about, false);
      throw failure;
    }
  }
}

/** kafkajs reports a group's failure in a list of its own form. */
function deleteGroupError(error: unknown): string | undefined {
  for (
    let level = error;
    typeof level === 'object' && level !== null;
    level = (level as { cause?: unknown }).cause
  ) {
    const groups = (level as { groups?: { error?: { type?: string } }[] }).groups;
    if (Array.isArray(groups)) return groups[0]?.error?.type;
  }
  return undefined;
}
