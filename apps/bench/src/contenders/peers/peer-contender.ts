import { BenchChild } from '../../processes/bench-child.js';
import { Closers } from '../../processes/closers.js';
import { childOptions, type BenchContext } from '../../run/bench-context.js';
import { HttpCaller } from '../../workloads/http-caller.js';
import { runConcurrent, runSequential } from '../../workloads/latency.js';
import type { Door, Figures } from '../../workloads/workload.js';
import type { Contender, DrainSession, LatencySession } from '../contender.js';
import { submitAll } from '../submit-all.js';
import { clearRedis } from './clear-redis.js';
import type { PeerId } from './open-peer.js';

export interface PeerContenderOptions {
  id: PeerId;
  label: string;
  kind: 'postgres' | 'redis';
  drainConcurrency: number;
}

/** Another project's queue, called in one process with its worker, or behind a thin HTTP front with its worker apart. */
export class PeerContender implements Contender {
  readonly id: PeerId;
  readonly label: string;
  readonly kind: 'postgres' | 'redis';
  readonly ground: 'postgres' | 'redis';
  readonly doors: readonly Door[] = ['http', 'in-process'];
  readonly drainConcurrency: number;

  constructor(
    private readonly context: BenchContext,
    options: PeerContenderOptions,
  ) {
    this.id = options.id;
    this.label = options.label;
    this.kind = options.kind;
    this.ground = options.kind;
    this.drainConcurrency = context.settings.drainConcurrency ?? options.drainConcurrency;
  }

  async openLatency(door: Door): Promise<LatencySession> {
    const url = await this.prepareServer();
    const closers = new Closers();
    try {
      return await (door === 'http' ? this.openBehindFront(url, closers) : this.openInProcess(url, closers));
    } catch (error) {
      await closers.close();
      throw error;
    }
  }

  async openDrain(): Promise<DrainSession> {
    const url = await this.prepareServer();
    const { settings } = this.context;
    const child = this.startChild('in-process');
    try {
      await child.call('open', this.id, url);
    } catch (error) {
      await child.stop();
      throw error;
    }
    return {
      queue: (jobs) =>
        submitAll((from, count) => child.call('submitMany', from, count), { ...settings, jobs }),
      drain: (jobs) => child.call<Figures>('drain', jobs, this.drainConcurrency),
      pids: () => ({ worker: child.process.pid }),
      close: () => child.stop(),
    };
  }

  private async openInProcess(url: string, closers: Closers): Promise<LatencySession> {
    const child = this.startChild('in-process');
    closers.add(() => child.stop());
    await child.call('open', this.id, url);
    await child.call('openWorker', this.context.settings.latencyConcurrency);
    return {
      sequential: (jobs) => child.call<Figures>('sequential', jobs),
      concurrent: (options) => child.call<Figures>('concurrent', options),
      pids: () => ({ caller: child.process.pid }),
      close: () => closers.close(),
    };
  }

  private async openBehindFront(url: string, closers: Closers): Promise<LatencySession> {
    const { settings } = this.context;
    const front = this.startChild('front');
    closers.add(() => front.stop());
    const frontUrl = await front.call<string>('open', this.id, url);
    const worker = this.startChild('worker');
    closers.add(() => worker.stop());
    await worker.call('open', this.id, url, settings.latencyConcurrency);
    const caller = new HttpCaller({
      submitUrl: frontUrl,
      resultUrl: frontUrl,
      queue: 'noop',
      connections: settings.clients,
    });
    closers.add(() => caller.close());
    const failed = [front.process.failed, worker.process.failed];
    return {
      sequential: (jobs) => Promise.race([runSequential(caller, jobs), ...failed]),
      concurrent: (options) => Promise.race([runConcurrent(caller, options), ...failed]),
      pids: () => ({ front: front.process.pid, worker: worker.process.pid }),
      close: () => closers.close(),
    };
  }

  /** The URL of where it keeps its jobs, empty of those of the turn before. */
  private async prepareServer(): Promise<string> {
    const { servers } = this.context;
    if (this.kind === 'postgres') return servers.database(`bench_${this.id.replaceAll('-', '_')}`);
    await clearRedis(servers.durableRedisUrl);
    return servers.durableRedisUrl;
  }

  private startChild(part: 'in-process' | 'front' | 'worker'): BenchChild {
    return new BenchChild(
      `contenders/peers/${part}-main.ts`,
      childOptions(this.context, `${this.id}-${part}`),
    );
  }
}
