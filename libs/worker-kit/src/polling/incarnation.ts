import { channels } from '@baton/contracts';
import {
  leaveWorker,
  Listener,
  lockClasses,
  registerWorker,
  returnWorker,
  type Database,
} from '@baton/persistence';
import { uuidv7 } from 'uuidv7';
import type { Log } from '../log.js';
import { Outage } from '../outage.js';

const retryMs = 250;

export interface IncarnationOptions {
  database: Database;
  applicationName: string;
  host: string;
  pid: number;
  queues: readonly string[];
  log: Log;
  /** Queues that may have jobs. */
  onWake: (queues: readonly string[]) => void;
  /** Jobs whose cancel was requested. */
  onCancels: (jobIds: readonly string[]) => void;
  /** What came while nobody listened must be looked for. */
  onListening: () => void;
  /** PostgreSQL knows this incarnation no longer as alive. */
  onLost: () => void;
}

/**
 * One life of this worker in PostgreSQL's eyes: a row, and a session that holds its lock and listens for wake-ups.
 * beginning → registered → listening ⇄ reconnecting → ended. Registering again after a reconnect is the same life,
 * unless it was given up meanwhile.
 */
export class Incarnation {
  readonly id = uuidv7();
  private number = 0;
  private ended = false;
  private readonly listener: Listener;
  private readonly outage: Outage;

  constructor(private readonly options: IncarnationOptions) {
    const { database, applicationName, log, onWake, onCancels } = options;
    this.outage = new Outage(log, 'registering the worker');
    this.listener = new Listener(database.url, {
      applicationName,
      channels: { [channels.jobs]: onWake, [channels.cancels]: onCancels },
      sessionLock: () => ({ classId: lockClasses.worker, objectId: this.number }),
      onConnect: () => void this.register().then(options.onListening),
      log: (message, error) => log.warn({ err: error }, message),
    });
  }

  get healthy(): boolean {
    return this.listener.healthy;
  }

  /** Resolves when it is registered and its session holds the lock: from then on it may claim. */
  async begin(): Promise<void> {
    await this.register();
    await this.listener.start();
  }

  /** The round trip of the slow sweep: a connection that is silently deaf is replaced. */
  probe(): Promise<void> {
    return this.listener.probe();
  }

  /** @param left true: it has handed everything back */
  async end(left: boolean): Promise<void> {
    this.ended = true;
    const { database, log } = this.options;
    if (left) {
      await leaveWorker(database.pool, this.id).catch((error: unknown) => {
        log.warn({ err: error }, 'the worker could not say goodbye; its lease will run out');
      });
    }
    await this.listener.close();
  }

  /** Ends it, since it was given up: what it had run did not end this process. */
  async comeBack(): Promise<void> {
    this.ended = true;
    const { database, log } = this.options;
    await returnWorker(database.pool, this.id).catch((error: unknown) => {
      log.warn({ err: error }, 'the worker could not say that it is back; its last jobs run alone next time');
    });
    await this.listener.close();
  }

  private async register(): Promise<void> {
    const { database, host, pid, queues, onLost } = this.options;
    while (!this.ended) {
      try {
        const worker = { id: this.id, source: 'polling' as const, host, pid, queues };
        const { number, alive } = await registerWorker(database.pool, worker);
        this.outage.worked();
        this.number = number;
        if (!alive) onLost();
        return;
      } catch (error) {
        this.outage.failed(error);
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }
}
