import type { DispatchMode } from '@baton/contracts';
import { Client } from 'pg';
import { until } from '../../processes/within.js';
import type { BenchContext } from '../../run/bench-context.js';
import { openDelivery } from '../open-delivery.js';
import { Submitter } from '../submitter.js';
import { type DeliveryCounts, readDeliveryCounts } from './delivery-counts.sql.js';
import { makeEndpoints, type Mix } from './endpoints.js';
import { WebhookReceiver } from './webhook-receiver.js';

export interface Round {
  mix: Mix;
  jobs: number;
  /** When each job is posted, milliseconds from the beginning; undefined: as fast as can be. */
  times?: readonly number[];
  /** When it is over: what is sick is not waited for where it would be tried for days. */
  isOver: (counts: DeliveryCounts, receiver: WebhookReceiver) => boolean;
  withinSeconds: number;
}

export interface RoundFigures extends DeliveryCounts {
  lateMs: number[];
  received: number;
  distinct: number;
}

/** One round of jobs that each tell one endpoint of their end, on a deployment of its own. */
export async function runRound(
  context: BenchContext,
  mode: DispatchMode,
  { mix, jobs, times, isOver, withinSeconds }: Round,
): Promise<RoundFigures> {
  const { deployment, queue } = await openDelivery(context, mode, {});
  const receiver = await WebhookReceiver.start();
  deployment.addCloser(() => receiver.close());
  const client = new Client({ connectionString: deployment.databaseUrl, application_name: 'baton-bench' });
  // It ends with its server, and whoever ended that says why.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await makeEndpoints(deployment, receiver, mix);
    const submitter = new Submitter(deployment, queue);
    const fieldsOf = (n: number): object => ({ webhook: { endpoint: `e${n % mix.endpoints}` } });
    await Promise.race([
      times ? submitter.submitAt(times, fieldsOf) : submitter.submitAll(jobs, fieldsOf),
      deployment.failed,
    ]);
    const look = async (): Promise<DeliveryCounts | undefined> => {
      const counts = await readDeliveryCounts(client);
      return isOver(counts, receiver) ? counts : undefined;
    };
    const counts = await Promise.race([
      until('the deliveries', look, { seconds: withinSeconds, everyMs: 500 }),
      deployment.failed,
    ]);
    const { lateMs, received, ids } = receiver;
    return { ...counts, lateMs, received, distinct: ids.size };
  } finally {
    await client.end();
    await deployment.close();
  }
}
