import { timersShard, timing } from '@baton/contracts';
import { PooledSessionError, shardShare, type LeaderSession, type LeadShardsRow } from '@baton/persistence';
import { inRootContext, relayLeader, relayTerm, shardsLeaderless } from '@baton/tracing';
import type { Logger } from 'pino';
import type { ShardFollower } from './shard-follower.js';

export interface LeadershipOptions {
  openSession: () => Promise<LeaderSession>;
  log: Logger;
  /** Age at which a replica that does not renew is deposed. */
  staleMs?: number;
  beatMs?: number;
  /** Between beats while no worker owns anything: a little more, so that a replica at rest, its slow sweeps included, asks at most once a second. */
  restBeatMs?: number;
}

/** Between two tries to connect; short, since nobody leads our shards meanwhile unless others live. */
const reconnectMs = 250;
/** After a frozen replica was deposed its locks are free within milliseconds. */
const afterDeposingMs = 100;

/**
 * Which shards this replica leads.
 *
 * connecting → holding (one statement a second) → the statement fails or takes too long, or the session ends:
 * every shard is lost, and only then a new session is opened → connecting. `stop` gives everything back first.
 * Always: a shard is ours while `epochOf` names its epoch. It stops to by itself when no beat has succeeded for
 * half the time after which others would depose us, so a process that was frozen sends nothing when it wakes.
 */
export class Leadership {
  private readonly followers: ShardFollower[] = [];
  private readonly terms = new Map<number, number>();
  private readonly staleMs: number;
  private readonly beatMs: number;
  private readonly restBeatMs: number;
  private session: LeaderSession | undefined;
  private running: Promise<void> | undefined;
  private givingBack: Promise<void> | undefined;
  private phase: 'running' | 'leaving' | 'stopped' = 'running';
  private endPause: (() => void) | undefined;
  /** When the last beat that succeeded was sent, by the monotonic clock. */
  private renewedAt = -Infinity;
  private reconnectedAt = -Infinity;

  constructor(private readonly options: LeadershipOptions) {
    this.staleMs = options.staleMs ?? timing.leaderStaleMs;
    this.beatMs = options.beatMs ?? timing.leaderRenewMs;
    this.restBeatMs = options.restBeatMs ?? this.beatMs * 1.1;
  }

  follow(follower: ShardFollower): void {
    this.followers.push(follower);
  }

  /** The epoch under which this replica leads the shard now. */
  epochOf(shard: number): number | undefined {
    return performance.now() - this.renewedAt < this.staleMs / 2 ? this.terms.get(shard) : undefined;
  }

  /** Those held, in order. */
  get shards(): number[] {
    return [...this.terms.keys()].sort((a, b) => a - b);
  }

  get connected(): boolean {
    return this.session !== undefined;
  }

  /** Milliseconds since the session broke and was opened anew; Infinity if it never broke. */
  sinceReconnectMs(): number {
    return performance.now() - this.reconnectedAt;
  }

  /**
   * Connects once; goes on trying by itself when PostgreSQL is away.
   * @throws PooledSessionError behind a transaction pooler
   */
  async start(): Promise<void> {
    let first: LeaderSession | undefined;
    try {
      first = await this.options.openSession();
    } catch (error) {
      if (error instanceof PooledSessionError) throw error;
      this.options.log.warn({ err: error }, 'no session for leadership yet');
    }
    this.running = inRootContext(() => this.run(first));
  }

  /** Lets the followers finish, gives all shards back, and ends the session. */
  async stop(): Promise<void> {
    this.phase = 'leaving';
    const { session } = this;
    await this.givingBack;
    if (session) await this.giveBack(session, this.shards);
    this.phase = 'stopped';
    this.endPause?.();
    await this.running;
  }

  private async run(session: LeaderSession | undefined): Promise<void> {
    while (this.phase !== 'stopped') {
      session ??= await this.connect();
      if (!session) continue;
      const reason = await this.hold(session);
      this.loseAll();
      if (reason === undefined) return;
      this.options.log.warn({ err: reason }, 'leadership was lost with its session');
      session.destroy();
      session = undefined;
    }
  }

  private async connect(): Promise<LeaderSession | undefined> {
    try {
      const session = await this.options.openSession();
      this.reconnectedAt = performance.now();
      return session;
    } catch (error) {
      this.options.log.warn({ err: error }, 'no session for leadership yet');
      await this.pause(reconnectMs);
      return undefined;
    }
  }

  /** Beats until the session fails (then the reason) or was closed by `stop`. */
  private async hold(session: LeaderSession): Promise<unknown> {
    this.session = session;
    void session.ended.then(() => this.endPause?.());
    try {
      while (this.phase !== 'stopped') {
        const began = performance.now();
        const beat = await session.lead({ take: this.phase === 'running', staleMs: this.staleMs });
        this.renewedAt = began;
        this.apply(session, beat);
        await this.pause(began + this.nextBeatMs(beat) - performance.now());
      }
      await session.close();
      return undefined;
    } catch (error) {
      return error;
    }
  }

  private nextBeatMs({ deposed, pollingRuns, eventPartitions }: LeadShardsRow): number {
    if (deposed.length > 0) return afterDeposingMs;
    return pollingRuns || eventPartitions.length > 0 ? this.beatMs : this.restBeatMs;
  }

  private apply(session: LeaderSession, beat: LeadShardsRow): void {
    const missing = [...this.terms.keys()].filter((shard) => !beat.held.includes(shard));
    if (missing.length > 0)
      throw new Error(`the session no longer holds the locks of shards ${missing.join(', ')}`);
    shardsLeaderless.set(beat.leaderless);
    if (beat.deposed.length > 0)
      this.options.log.warn({ replicas: beat.deposed }, 'ended the sessions of frozen replicas');
    for (const { shard, epoch } of beat.taken) {
      this.terms.set(shard, epoch);
      relayLeader.set({ shard }, 1);
      relayTerm.set({ shard }, epoch);
    }
    if (beat.taken.length > 0) {
      this.options.log.info({ shards: beat.taken.map((term) => term.shard) }, 'leading more shards');
      for (const follower of this.followers) follower.onShardsTaken?.(beat.taken);
    }
    for (const follower of this.followers) follower.onBeat?.(beat);
    const surplus = this.surplus(beat.replicas);
    if (surplus.length > 0 && !this.givingBack && this.phase === 'running') {
      this.givingBack = this.giveBack(session, surplus).finally(() => (this.givingBack = undefined));
    }
  }

  private surplus(replicas: number): number[] {
    return this.shards.filter((shard) => shard !== timersShard).slice(shardShare(replicas));
  }

  private async giveBack(session: LeaderSession, shards: readonly number[]): Promise<void> {
    if (shards.length === 0) return;
    await Promise.all(this.followers.map(async (follower) => follower.releaseShards?.(shards)));
    if (this.session !== session) return; // all was lost meanwhile
    try {
      await session.unlock(shards);
    } catch (error) {
      this.options.log.warn(
        { err: error, shards },
        'shards could not be given back; they go with the session',
      );
      return;
    }
    this.forget(shards);
    this.options.log.info({ shards }, 'gave shards back');
  }

  private loseAll(): void {
    const lost = this.shards;
    this.session = undefined;
    this.renewedAt = -Infinity;
    this.forget(lost);
    if (lost.length > 0) for (const follower of this.followers) follower.onShardsLost?.(lost);
  }

  private forget(shards: readonly number[]): void {
    for (const shard of shards) {
      this.terms.delete(shard);
      relayLeader.set({ shard }, 0);
      relayTerm.remove({ shard });
    }
  }

  private pause(ms: number): Promise<void> {
    if (this.phase === 'stopped') return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.endPause?.(), Math.max(0, ms));
      this.endPause = () => {
        clearTimeout(timer);
        this.endPause = undefined;
        resolve();
      };
    });
  }
}
