import type { TestDatabase } from '@baton/persistence/testing';
import { Announcer } from '../announce/announcer.js';
import type { Leadership } from '../leadership/leadership.js';
import { Timers, type TimersOptions } from '../timers/timers.js';
import { silent, testReplica } from './replica.js';

export interface TestTimers {
  timers: Timers;
  leadership: Leadership;
  /** `<channel> <item>` of each wake-up. */
  woken: string[];
  close(): Promise<void>;
}

/** A replica that leads the timers. Without a broker unless one is given. */
export async function startTimers(
  { url, database }: TestDatabase,
  options: Partial<TimersOptions> = {},
): Promise<TestTimers> {
  const { leadership } = testReplica(url);
  const woken: string[] = [];
  const nothing = (): Promise<void> => Promise.resolve();
  const feed = { publish: nothing, wake: nothing, close: nothing };
  const timers = new Timers({
    database,
    announcer: new Announcer({ wake: (channel, item) => void woken.push(`${channel} ${item}`) }, feed),
    sinceReconnectMs: () => leadership.sinceReconnectMs(),
    rescueGraceMs: 0,
    log: silent,
    ...options,
  });
  leadership.follow(timers);
  await leadership.start();
  return { timers, leadership, woken, close: () => leadership.stop() };
}
