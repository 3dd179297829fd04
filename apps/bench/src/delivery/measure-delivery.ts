import type { DeliveryArguments } from '../arguments/bench-arguments.js';
import type { BenchContext } from '../run/bench-context.js';
import { measureWaiting } from './waiting/measure-waiting.js';
import { jobsPerSecond, measureTarget } from './webhooks/measure-target.js';
import { measureWebhooks } from './webhooks/measure-webhooks.js';

const usual = { waiting: 10_000, webhooks: 20_000, targetSeconds: 120 };

/** The measures of how results get to their clients. @returns a table as text */
export function measureDelivery(
  context: BenchContext,
  { command, mode, jobs }: DeliveryArguments & { jobs: number | undefined },
  print: (line: string) => void,
): Promise<string> {
  switch (command) {
    case 'waiting':
      return measureWaiting(context, { mode, waiters: jobs ?? usual.waiting }, print);
    case 'webhooks':
      return measureWebhooks(context, { mode, jobs: jobs ?? usual.webhooks }, print);
    case 'target': {
      const seconds =
        jobs === undefined ? usual.targetSeconds : Math.max(10, Math.ceil(jobs / jobsPerSecond));
      return measureTarget(context, { mode, seconds }, print);
    }
  }
}
