import { batonRegistry } from '@baton/tracing';
import { Counter, Gauge } from 'prom-client';

const registers = [batonRegistry];

export const publishedRows = new Counter({
  name: 'baton_outbox_published_total',
  help: 'Outbox rows whose record the broker has acknowledged',
  labelNames: ['queue'],
  registers,
});

export const fencedDeletes = new Counter({
  name: 'baton_outbox_fenced_deletes_total',
  help: 'Published rows that were not deleted, since another replica leads their shard by now',
  registers,
});

export const refusedRows = new Counter({
  name: 'baton_outbox_refused_total',
  help: 'Rows whose record the broker refused for good; their jobs are dead',
  labelNames: ['queue'],
  registers,
});

export const turnedBack = new Counter({
  name: 'baton_outbox_turned_back_total',
  help: 'Rows that were not sent while the broker was away; their jobs went to polling workers',
  labelNames: ['queue'],
  registers,
});

export const sendFailures = new Counter({
  name: 'baton_outbox_send_failures_total',
  help: 'Sends that failed in passing; their topic was left alone for a while',
  labelNames: ['queue'],
  registers,
});

export const heldTopics = new Gauge({
  name: 'baton_outbox_topics_held',
  help: "Topics whose unread records fill their queue's window",
  registers,
});

export const undecodable = new Counter({
  name: 'baton_inbox_undecodable_total',
  help: 'Records of the outcomes topic that were moved to the dead-letter topic',
  registers,
});

export const busySettlements = new Counter({
  name: 'baton_inbox_busy_total',
  help: 'Outcomes said again since their lane was locked elsewhere',
  registers,
});

export const timerRuns = new Counter({
  name: 'baton_timer_runs_total',
  help: 'Looks of a timer, by what came of them: work, none or error',
  labelNames: ['timer', 'result'],
  registers,
});
