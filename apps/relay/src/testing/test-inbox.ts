import { randomUUID } from 'node:crypto';
import type { TerminalOutcome } from '@baton/persistence';
import type { TestDatabase } from '@baton/persistence/testing';
import { Announcer } from '../announce/announcer.js';
import { Inbox, type InboxOptions } from '../inbox/inbox.js';
import { silent } from './replica.js';
import type { TestBroker } from './test-broker.js';

export interface InboxTopics {
  outcomes: string;
  control: string;
  deadLetter: string;
}

export interface TestInbox {
  inbox: Inbox;
  told: TerminalOutcome[];
  /** Jobs whose watchers were woken. */
  progressed: string[];
  /** `<channel> <item>` of each wake-up. */
  woken: string[];
  close(): Promise<void>;
}

/** Topics of a test's own. */
export async function inboxTopics({ broker }: TestBroker, partitions = 2): Promise<InboxTopics> {
  const name = `relay-test-${randomUUID()}`;
  const names = {
    outcomes: `${name}.outcomes`,
    control: `${name}.control`,
    deadLetter: `${name}.dead-letter`,
  };
  await broker.admin.ensureTopics([
    { topic: names.outcomes, partitions, config: { 'message.timestamp.type': 'LogAppendTime' } },
    { topic: names.control, partitions: 1 },
    { topic: names.deadLetter, partitions: 1 },
  ]);
  return names;
}

interface TestInboxOptions {
  names: InboxTopics;
  groupId?: string;
  /** Before no more is fetched. */
  most?: InboxOptions['most'];
}

/** An inbox that reads from the beginning in a group of its own, unless one is named. */
export async function startInbox(
  { database }: TestDatabase,
  { broker }: TestBroker,
  { names, groupId = `relay-test-${randomUUID()}`, most }: TestInboxOptions,
): Promise<TestInbox> {
  const told: TerminalOutcome[] = [];
  const progressed: string[] = [];
  const woken: string[] = [];
  const producer = broker.producer();
  const feed = {
    publish: (outcomes: readonly TerminalOutcome[]) => Promise.resolve(void told.push(...outcomes)),
    wake: (jobIds: readonly string[]) => Promise.resolve(void progressed.push(...jobIds)),
    close: () => Promise.resolve(),
  };
  const announcer = new Announcer({ wake: (channel, item) => void woken.push(`${channel} ${item}`) }, feed);
  const inbox = new Inbox({
    database,
    broker,
    producer,
    announcer,
    defaultMode: 'event',
    log: silent,
    names,
    groupId,
    ...(most && { most }),
  });
  await inbox.start();
  return {
    inbox,
    told,
    progressed,
    woken,
    async close() {
      await inbox.stop();
      await producer.close();
    },
  };
}
