import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { LeaderSession } from '@baton/persistence';
import { pino } from 'pino';
import { Leadership } from '../leadership/leadership.js';

export const silent = pino({ level: 'silent' });

export interface TestReplica {
  id: string;
  leadership: Leadership;
  /** Of the session that holds its locks now. */
  backendPid(): number | undefined;
}

/** A replica's leadership, not started. */
export function testReplica(
  url: string,
  { staleMs, beatMs }: { staleMs?: number; beatMs?: number } = {},
): TestReplica {
  const id = randomUUID();
  let session: LeaderSession | undefined;
  const leadership = new Leadership({
    openSession: async () => {
      const options = {
        applicationName: 'baton-relay-leader',
        replicaId: id,
        host: hostname(),
        pid: process.pid,
      };
      return (session = await LeaderSession.open(url, options));
    },
    log: silent,
    ...(staleMs === undefined ? {} : { staleMs }),
    ...(beatMs === undefined ? {} : { beatMs }),
  });
  return { id, leadership, backendPid: () => session?.backendPid };
}
