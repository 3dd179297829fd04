import { timersShard, topics } from '@baton/contracts';
import type { Broker, BrokerProducer } from '@baton/messaging';
import { Backlogs, type Database, type NextTimes } from '@baton/persistence';
import type { Logger } from 'pino';
import type { Announcer } from '../announce/announcer.js';
import type { BeatFacts, ShardFollower } from '../leadership/shard-follower.js';
import type { Term } from '@baton/persistence';
import { AdmissionTimer } from './admission.timer.js';
import { AttemptTimeoutTimer } from './attempt-timeout.timer.js';
import { DeadlineTimer } from './deadline.timer.js';
import { CancelTimer } from './cancel.timer.js';
import { OperationsTimer } from './operations.timer.js';
import { DrainedTimer } from './drained.timer.js';
import { EventsTimer } from './events.timer.js';
import { DueTimer } from './due.timer.js';
import { FollowUpsTimer } from './follow-ups.timer.js';
import { GatesTimer } from './gates.timer.js';
import { LostRecordsTimer, type LostRecordsOptions } from './lost-records.timer.js';
import { OversleptTimer } from './overslept.timer.js';
import { PartitionsTimer } from './partitions.timer.js';
import { QueueControlsTimer } from './queue-controls.timer.js';
import { RescueTimer } from './rescue.timer.js';
import { StrayChildrenTimer } from './stray-children.timer.js';
import { StrayGatesTimer } from './stray-gates.timer.js';
import { StrayLanesTimer } from './stray-lanes.timer.js';
import { ScheduleDoor } from './schedule-door.js';
import { ScheduleTimer } from './schedule.timer.js';
import { SweepFlowsTimer } from './sweep-flows.timer.js';
import { SweepTimer } from './sweep.timer.js';
import { TimerLoop } from './timer-loop.js';
import { TopicsTimer } from './topics.timer.js';
import { TrimTimer } from './trim.timer.js';

export interface TimersOptions {
  database: Database;
  announcer: Announcer;
  /** Absent: timers of the broker's topics do not run. */
  kafka?: { broker: Broker; producer: BrokerProducer } | undefined;
  sinceReconnectMs: () => number;
  log: Logger;
  rescueGraceMs?: number;
  /** How often it is looked whether a timer oversleeps. */
  oversleptMs?: number;
  lostRecords?: Pick<LostRecordsOptions, 'outcomesTopic' | 'agedMs'>;
}

/** Jobs become due in batches, one look after the other: their deadlines are looked for together. */
const deadlineLookMs = 200;

/**
 * All timers, run by the leader of the timers' shard: stopped → (the shard is taken) running → (it is lost or given
 * back) stopped. A look that is under way at a loss ends by itself; each is harmless beside another leader's.
 */
export class Timers implements ShardFollower {
  private readonly due: DueTimer;
  private readonly gates: GatesTimer;
  private readonly queueControls: QueueControlsTimer | undefined;
  private readonly loops: Record<
    | 'due'
    | 'followUps'
    | 'cancel'
    | 'operations'
    | 'gates'
    | 'strayGates'
    | 'strayLanes'
    | 'strayChildren'
    | 'timeout'
    | 'rescue'
    | 'partitions'
    | 'sweep'
    | 'sweepFlows'
    | 'schedule'
    | 'admission'
    | 'deadline'
    | 'drained'
    | 'events'
    | 'overslept',
    TimerLoop
  > & {
    topics?: TimerLoop;
    queueControls?: TimerLoop;
    trim?: TimerLoop;
    lostRecords?: TimerLoop;
  };
  private leads = false;
  private facts: BeatFacts = { pollingRuns: false, eventPartitions: [] };

  constructor(options: TimersOptions) {
    const { database, announcer, kafka, log, sinceReconnectMs, rescueGraceMs, lostRecords, oversleptMs } =
      options;
    const control = kafka && { producer: kafka.producer, topic: topics.control };
    // What has just become due may have a deadline that is nearer than any other.
    this.due = new DueTimer(database, announcer, () => this.loops.deadline.wake(deadlineLookMs));
    this.gates = new GatesTimer(database, announcer);
    this.queueControls = kafka && new QueueControlsTimer(database, kafka.producer);
    const facts = (): BeatFacts => this.facts;
    const cancel = new CancelTimer({
      database,
      announcer,
      control: kafka && { producer: kafka.producer, admin: kafka.broker.admin, topic: topics.control },
      log,
    });
    const timeout = new AttemptTimeoutTimer({
      database,
      announcer,
      control,
      anythingRuns: () => runs(this.facts),
    });
    const rescue = new RescueTimer({
      database,
      announcer,
      control,
      facts,
      sinceReconnectMs,
      log,
      ...(rescueGraceMs !== undefined && { graceMs: rescueGraceMs }),
    });
    const admission = new AdmissionTimer(database, () => this.loops.due.wake());
    const lost =
      kafka && new LostRecordsTimer({ database, announcer, log, admin: kafka.broker.admin, ...lostRecords });
    const onUnheard = (jobIds: readonly string[]): void => {
      lost?.ask(jobIds);
      this.loops.lostRecords?.wake();
    };
    const backlogs = new Backlogs(database.pool, (message, err) => log.warn({ err }, message));
    const door = new ScheduleDoor(backlogs);
    this.loops = {
      due: new TimerLoop(this.due, log),
      gates: new TimerLoop(this.gates, log),
      strayGates: new TimerLoop(new StrayGatesTimer(database, announcer, log), log),
      strayLanes: new TimerLoop(new StrayLanesTimer(database, announcer, log), log),
      strayChildren: new TimerLoop(
        new StrayChildrenTimer(database, log, {
          onDue: () => this.loops.due.wake(),
          onNoted: () => this.loops.followUps.wake(),
        }),
        log,
      ),
      followUps: new TimerLoop(new FollowUpsTimer(database, announcer), log),
      deadline: new TimerLoop(new DeadlineTimer({ database, log, onUnheard }), log),
      cancel: new TimerLoop(cancel, log),
      operations: new TimerLoop(new OperationsTimer(database, announcer), log),
      timeout: new TimerLoop(timeout, log),
      rescue: new TimerLoop(rescue, log),
      partitions: new TimerLoop(new PartitionsTimer(database), log),
      sweep: new TimerLoop(new SweepTimer(database), log),
      sweepFlows: new TimerLoop(new SweepFlowsTimer(database), log),
      schedule: new TimerLoop(new ScheduleTimer(database, announcer, door.enter), log),
      admission: new TimerLoop(admission, log),
      ...(lost && { lostRecords: new TimerLoop(lost, log) }),
      drained: new TimerLoop(new DrainedTimer(database, () => this.loops.events.wake()), log),
      events: new TimerLoop(new EventsTimer(database, kafka?.producer), log),
      overslept: new TimerLoop(new OversleptTimer(database, (next) => this.wakeLate(next), oversleptMs), log),
      ...(kafka && {
        topics: new TimerLoop(new TopicsTimer(database, kafka.broker.admin), log),
        ...(this.queueControls && { queueControls: new TimerLoop(this.queueControls, log) }),
        trim: new TimerLoop(new TrimTimer(database, kafka.broker.admin, log), log),
      }),
    };
  }

  /** New due times and deadlines. @param atMs by PostgreSQL's clock, milliseconds since the epoch */
  wakeDue(atMs: readonly number[]): void {
    if (!this.leads || atMs.length === 0) return;
    const inMs = this.due.untilMs(Math.min(...atMs));
    this.loops.due.wake(inMs);
    this.loops.deadline.wake(inMs);
  }

  /** Jobs stand where tokens are missing alone. @param atMs when the first comes, as for {@link wakeDue} */
  wakeGates(atMs: readonly number[]): void {
    if (this.leads && atMs.length > 0) this.loops.gates.wake(this.gates.untilMs(Math.min(...atMs)));
  }

  /** Jobs have ended whose dependants are to be told. */
  wakeFollowUps(): void {
    if (this.leads) this.loops.followUps.wake();
  }

  /** Cancels were requested. */
  cancelsRequested(): void {
    if (this.leads) this.loops.cancel.wake();
  }

  /** Operations on many jobs were begun. */
  operationsBegun(): void {
    if (this.leads) this.loops.operations.wake();
  }

  queuesChanged(): void {
    this.gates.queuesChanged();
    if (!this.leads) return;
    this.loops.gates.wake();
    this.loops.drained.wake();
    this.loops.events.wake();
    this.loops.topics?.wake();
    this.loops.queueControls?.wake();
  }

  schedulesChanged(): void {
    if (this.leads) this.loops.schedule.wake();
  }

  /** Jobs wait for admission. */
  wakeAdmission(): void {
    if (this.leads) this.loops.admission.wake();
  }

  /** Nobody listened for a while. */
  wakeAll(): void {
    this.queuesChanged();
    if (!this.leads) return;
    this.loops.due.wake();
    this.loops.schedule.wake();
    this.loops.admission.wake();
    this.loops.followUps.wake();
    this.loops.deadline.wake();
    this.loops.cancel.wake();
    this.loops.operations.wake();
  }

  /** They know of these times, unless the word of them was lost. */
  private wakeLate({ jobMs, deadlineMs, gateMs, scheduleMs, settingsChanged }: NextTimes): void {
    if (settingsChanged) this.queuesChanged();
    const { due, deadline, gates, schedule } = this.loops;
    for (const [loop, inMs] of [
      [due, jobMs],
      [deadline, deadlineMs],
      [gates, gateMs],
      [schedule, scheduleMs],
    ] as const)
      if (inMs !== null) loop.wake(Math.max(0, inMs));
  }

  onShardsTaken(terms: readonly Term[]): void {
    if (!terms.some(({ shard }) => shard === timersShard)) return;
    this.leads = true;
    this.queueControls?.forget();
    for (const loop of Object.values(this.loops)) loop.start();
  }

  onShardsLost(shards: readonly number[]): void {
    if (shards.includes(timersShard)) void this.stop();
  }

  async releaseShards(shards: readonly number[]): Promise<void> {
    if (shards.includes(timersShard)) await this.stop();
  }

  /** What runs is learned from the beat that leadership makes anyway: at rest the rescue asks nothing. */
  onBeat(facts: BeatFacts): void {
    const before = runs(this.facts);
    this.facts = { pollingRuns: facts.pollingRuns, eventPartitions: facts.eventPartitions };
    if (!this.leads || before || !runs(this.facts)) return;
    this.loops.rescue.wake();
    this.loops.timeout.wake();
  }

  async stop(): Promise<void> {
    this.leads = false;
    await Promise.all(Object.values(this.loops).map((loop) => loop.stop()));
  }
}

function runs({ pollingRuns, eventPartitions }: BeatFacts): boolean {
  return pollingRuns || eventPartitions.length > 0;
}
