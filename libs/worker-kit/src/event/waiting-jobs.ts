import { jobTopics } from '@baton/contracts';
import { PriorityTurns } from '../priority-turns.js';
import type { JobEntry } from './job-entry.js';
import { WaitingTopic } from './waiting-topic.js';

/** What a worker holds in memory of all its topics together. */
const mostBytes = 48 * 1024 * 1024;
const mostRecords = 8_000;

interface WaitingQueue {
  queue: string;
  topics: Topics;
  turns: PriorityTurns;
}

/** `high`, `normal`, `low`: the order of `jobTopics`. */
type Topics = WaitingTopic[];

/** What waits in this process: by queue, and within a queue by priority. */
export class WaitingJobs {
  /** In the order in which the queues are served next; of each the topics, the highest priority first. */
  private readonly queues: WaitingQueue[];
  private readonly byTopic: Map<string, WaitingTopic>;

  constructor(queues: readonly string[]) {
    const most = { records: mostRecords, bytes: mostBytes / (3 * queues.length) };
    this.queues = queues.map((queue) => ({
      queue,
      topics: jobTopics(queue).map((topic) => new WaitingTopic(topic, most)),
      turns: new PriorityTurns(),
    }));
    this.byTopic = new Map(
      this.queues.flatMap(({ topics }) => topics.map((waiting) => [waiting.topic, waiting])),
    );
  }

  topic(name: string): WaitingTopic {
    const waiting = this.byTopic.get(name);
    if (!waiting) throw new TypeError(`topic ${name} is not read here`);
    return waiting;
  }

  /** The next to begin of those that may: the queues in turn, each its highest priority first, or the one whose turn it is. */
  take(mayRun: (next: JobEntry) => boolean): JobEntry | undefined {
    for (const [i, queue] of this.queues.entries()) {
      const waiting = nextTopic(queue);
      const entry = waiting?.peek();
      if (!waiting || !entry || !mayRun(entry)) continue;
      waiting.shift();
      queue.turns.took(1);
      this.queues.push(...this.queues.splice(i, 1));
      return entry;
    }
    return undefined;
  }

  drop(gone: (entry: JobEntry) => boolean): void {
    for (const { topics } of this.queues) for (const waiting of topics) waiting.drop(gone);
  }
}

function nextTopic({ topics, turns }: WaitingQueue): WaitingTopic | undefined {
  const { low, normal } = turns.due(1);
  const offered = low > 0 ? topics[2] : normal > 0 ? topics[1] : undefined;
  return offered && offered.size > 0 ? offered : topics.find(({ size }) => size > 0);
}
