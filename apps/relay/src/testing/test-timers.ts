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

/** Keeps `<channel> <item>` of each wake-up. */
export function testAnnouncer(): { announcer: Announcer; woken: string[] } {
  const woken: string[] = [];
  const nothing = (): Promise<void> => Promise.resolve();
  const feed = { publish: nothing, wake: nothing, close: nothing };
  const wake = (channel: string, item: string): void => void woken.push(`${channel} ${item}`);
  return { announcer: new Announcer({ wake }, feed), woken };
}

/** A replica that leads the timers. Without a broker unless one is given. */
export async function startTimers(
  { url, database }: TestDatabase,
  options: Partial<TimersOptions> = {},
): Promise<TestTimers> {
  const { leadership } = testReplica(url);
  const { announcer, woken } = testAnnouncer();
  const timers = new Timers({
    database,
    announcer,
    sinceReconnectMs: () => leadership.sinceReconnectMs(),
    rescueGraceMs: 0,
    log: silent,
    ...options,
  });
  leadership.follow(timers);
  await leadership.start();
  return { timers, leadership, woken, close: () => leadership.stop() };
}
