import pg from 'pg';
import { leadShards, type LeadShardsRow } from '../sql/lead-shards.sql.js';
import { leaveReplica } from '../sql/leave-replica.sql.js';
import { setLeaderSession } from '../sql/set-leader-session.sql.js';
import { unlockShards } from '../sql/unlock-shards.sql.js';
import { checkSession } from './session-check.js';

export interface LeaderSessionOptions {
  applicationName: string;
  replicaId: string;
  host: string;
  pid: number;
  /** Bound of each statement, on both sides of the connection. Default 2,000 ms. */
  timeoutMs?: number;
}

/**
 * The one session that holds a replica's shards: never pooled, never recycled. open → ended, by `close`, by
 * `destroy`, or because the connection broke (`ended` resolves with the reason). The locks end with it.
 * It has no transaction open between two statements, so it never holds VACUUM back.
 */
export class LeaderSession {
  private constructor(
    private readonly client: pg.Client,
    private readonly options: LeaderSessionOptions,
    readonly backendPid: number,
    private readonly backendStart: string,
    /** Resolves when the connection is over. */
    readonly ended: Promise<Error>,
  ) {}

  /** @throws PooledSessionError when a transaction pooler is in between; otherwise what pg throws */
  static async open(url: string, options: LeaderSessionOptions): Promise<LeaderSession> {
    const { timeoutMs = 2_000 } = options;
    const config: pg.ClientConfig = {
      connectionString: url,
      application_name: options.applicationName,
      keepAlive: true,
      keepAliveInitialDelayMillis: 5_000,
      connectionTimeoutMillis: timeoutMs,
      query_timeout: timeoutMs,
    };
    const client = new pg.Client(config);
    const ended = new Promise<Error>((resolve) => {
      client.on('error', resolve);
      client.on('end', () => resolve(new Error('PostgreSQL closed the session')));
    });
    try {
      await client.connect();
      const session = await checkSession(client, config);
      await setLeaderSession(client, { timeoutMs });
      return new LeaderSession(client, options, session.pid, session.backendStart, ended);
    } catch (error) {
      destroy(client);
      throw error;
    }
  }

  /** Renews, counts, and takes up to the share. Rejects when the session is of no use any more. */
  lead({ take, staleMs }: { take: boolean; staleMs: number }): Promise<LeadShardsRow> {
    const { replicaId, host, pid } = this.options;
    return leadShards(this.client, { replicaId, host, pid, backendStart: this.backendStart, staleMs, take });
  }

  unlock(shards: readonly number[]): Promise<number[]> {
    return unlockShards(this.client, shards);
  }

  /** Gives everything back in good order. */
  async close(): Promise<void> {
    await leaveReplica(this.client, this.options.replicaId);
    await this.client.end();
  }

  /** Ends the connection now, without a goodbye that a dead network would never deliver. */
  destroy(): void {
    destroy(this.client);
  }
}

function destroy(client: pg.Client): void {
  client.connection.stream.destroy();
}
