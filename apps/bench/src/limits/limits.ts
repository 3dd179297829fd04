/** What this machine can do at best, each measured alone; the last two are a whole, bare way of a job. */
export const limitTitles = {
  commitMs: 'a lone commit of one row, ms',
  acceptPerSecond: 'accept in batches of 500: plain job table, rows/s',
  acceptWithOutboxPerSecond: '… with an outbox row each, rows/s',
  batonAcceptPerSecond: "accept in batches of 500: Baton's schema, polling, rows/s",
  batonAcceptWithOutboxPerSecond: '… event, with the outbox row, rows/s',
  claimAndCompletePerSecond: 'claim and complete in batches of 500: plain tables, rows/s',
  batonClaimAndCompletePerSecond: "… Baton's claim and settle, rows/s",
  outboxPerSecond: 'read and delete outbox rows in batches of 500, rows/s',
  settlePerSecond: 'settle in batches of 500: plain tables, rows/s',
  batonSettlePerSecond: "… Baton's settle, rows/s",
  kafkaMessagesPerSecond: 'kafkajs: sends of 500 and their consumer in one process, messages/s',
  kafkaHopMs: 'kafkajs: a lone message until its consumer has it, ms',
  pipelineRelayPerSecond: "the bare pipeline's relay alone (outbox to topic), rows/s",
  pipelinePerSecond: 'the bare pipeline (outbox, topic, empty handler, outcomes, settle), jobs/s',
} as const;

export type LimitName = keyof typeof limitTitles;
export type Limits = Readonly<Record<LimitName, number>>;
