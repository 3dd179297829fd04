import type { DispatchMode } from '@baton/contracts';
import { Client } from 'pg';
import type { BatonDeployment } from '../../contenders/baton/baton-deployment.js';
import { submitAll } from '../../contenders/submit-all.js';
import { cpuSeconds, cpuUsed } from '../../processes/cpu-time.js';
import { until } from '../../processes/within.js';
import type { BenchContext } from '../../run/bench-context.js';
import { HttpCaller } from '../../workloads/http-caller.js';
import { openDelivery } from '../open-delivery.js';
import { Submitter } from '../submitter.js';
import { type DeliveryCounts, forgetDeliveries, readDeliveryCounts } from './delivery-counts.sql.js';
import { makeEndpoints, type Mix } from './endpoints.js';
import { WebhookReceiver } from './webhook-receiver.js';

export interface Round {
  mix: Mix;
  jobs: number;
  /** When each job is posted, milliseconds from the beginning; undefined: all have ended before anybody delivers. */
  times?: readonly number[];
  /** Jobs before those, at a pace, that are not measured. */
  warmUp?: { times: readonly number[]; isOver: Round['isOver'] };
  /** When it is over: what is sick is not waited for where it would be tried for days. */
  isOver: (counts: DeliveryCounts, receiver: WebhookReceiver) => boolean;
  /** From the last post, or from the start of the gateway. Then it is over as it is, and the figures say what is missing. */
  withinSeconds: number;
}

export interface RoundFigures extends DeliveryCounts {
  lateMs: number[];
  received: number;
  distinct: number;
  /** Seconds of CPU, by process. */
  cpu: Record<string, number>;
}

interface OpenRound extends Round {
  context: BenchContext;
  deployment: BatonDeployment;
  queue: string;
  client: Client;
  print: (line: string) => void;
}

const lookEveryMs = 500;
const tellEveryMs = 10_000;
const backlogWithinSeconds = 120;

/** One round of jobs that each tell one endpoint of their end, on a deployment of its own. */
export async function runRound(
  context: BenchContext,
  mode: DispatchMode,
  round: Round,
  print: (line: string) => void,
): Promise<RoundFigures> {
  const { deployment, queue } = await openDelivery(context, mode, {});
  const receiver = await WebhookReceiver.start();
  deployment.addCloser(() => receiver.close());
  const client = new Client({ connectionString: deployment.databaseUrl, application_name: 'baton-bench' });
  // It ends with its server, and whoever ended that says why.
  client.on('error', () => undefined);
  const open: OpenRound = { ...round, context, deployment, queue, client, print };
  try {
    await client.connect();
    await makeEndpoints(deployment, receiver, round.mix);
    await context.servers.settleDown();
    const pids = (): Record<string, number | undefined> => ({ ...context.servers.pids, ...deployment.pids });
    if (round.times === undefined) await makeBacklog(open);
    else if (round.warmUp) await warmUp(open, round.warmUp, receiver);
    const before = cpuSeconds(pids());
    if (round.times === undefined) await deployment.start('result-gateway');
    else await Promise.race([postAt(open, round.times), deployment.failed]);
    const counts = await Promise.race([settled(open, receiver), deployment.failed]);
    const cpu = cpuUsed(before, cpuSeconds(pids()));
    const { lateMs, received, ids } = receiver;
    // First those who deliver end, so that nothing is left to the next round.
    await deployment.close();
    await forgetDeliveries(client);
    return { ...counts, lateMs, received, distinct: ids.size, cpu };
  } finally {
    await client.end();
    await deployment.close();
  }
}

const fieldsOf =
  ({ mix }: Round) =>
  (n: number): object => ({ webhook: { endpoint: `e${n % mix.endpoints}` } });

async function postAt(round: OpenRound, times: readonly number[]): Promise<void> {
  await new Submitter(round.deployment, round.queue).submitAt(times, fieldsOf(round));
}

async function warmUp(
  round: OpenRound,
  { times, isOver }: NonNullable<Round['warmUp']>,
  receiver: WebhookReceiver,
): Promise<void> {
  await Promise.race([postAt(round, times), round.deployment.failed]);
  await Promise.race([settled({ ...round, isOver }, receiver), round.deployment.failed]);
  receiver.forget();
}

/** All jobs have ended, and their deliveries stand in the table; no gateway runs. */
async function makeBacklog(round: OpenRound): Promise<void> {
  const { context, deployment, queue, jobs, client } = round;
  const gatewayUrl = deployment.urlOf('result-gateway');
  await deployment.services.get('result-gateway')!.process.stop();
  const caller = new HttpCaller({
    submitUrl: deployment.urlOf('producer'),
    resultUrl: gatewayUrl,
    queue,
    fieldsOf: fieldsOf(round),
    headers: () => ({ authorization: `Bearer ${deployment.apiKey}` }),
    connections: context.settings.batchesAtOnce,
  });
  deployment.addCloser(() => caller.close());
  await submitAll((from, count) => caller.submitBatch(from, count), { ...context.settings, jobs });
  const allEnded = async (): Promise<true | undefined> =>
    (await readDeliveryCounts(client)).pending >= jobs ? true : undefined;
  await Promise.race([
    until('the end of all jobs', allEnded, { seconds: backlogWithinSeconds, everyMs: lookEveryMs }),
    deployment.failed,
  ]);
  await context.servers.settleDown();
}

async function settled(
  { client, isOver, withinSeconds, print }: OpenRound,
  receiver: WebhookReceiver,
): Promise<DeliveryCounts> {
  const begun = performance.now();
  let toldAt = begun;
  for (;;) {
    const counts = await readDeliveryCounts(client);
    const now = performance.now();
    if (isOver(counts, receiver) || now - begun > withinSeconds * 1_000) return counts;
    if (now - toldAt >= tellEveryMs) {
      const { delivered, pending, dead, attempts } = counts;
      print(
        `  ${delivered} delivered, ${pending} pending, ${dead} dead, ${attempts} tries after ${Math.round((now - begun) / 1_000)} s`,
      );
      toldAt = now;
    }
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
