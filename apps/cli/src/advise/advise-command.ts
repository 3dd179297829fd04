import { Command } from 'commander';
import type { CommandParts, GlobalOptions } from '../command-parts.js';
import { print } from '../output/print.js';
import { adviseDelivery, clientKinds, reliabilities } from './advise-delivery.js';
import { describeAdvice, describeOverhead } from './describe-advice.js';
import { pollingOverhead } from './polling-overhead.js';
import { readQueueTimes } from './queue-times.js';
import { readDuration, readOneOf, readRate } from './read-need.js';
import { UsageError } from '../cli.error.js';

interface DeliveryOptions extends GlobalOptions {
  latency: string;
  client: string;
  rate?: string;
  reliability: string;
  reachable?: boolean;
  live?: boolean;
  queue?: string;
}
interface PollingOptions extends GlobalOptions {
  queue?: string;
  interval: string;
  job?: string;
  rate?: string;
}

const hour = 3_600_000;

export function adviseCommand(parts: CommandParts): Command {
  return new Command('advise')
    .description('which way results should take, and what polling costs')
    .addCommand(deliveryCommand(parts))
    .addCommand(pollingCommand(parts));
}

function deliveryCommand({ terminal }: CommandParts): Command {
  return new Command('delivery')
    .description('poll, long-poll, SSE, WebSocket or webhook, with the reason')
    .option('--latency <duration>', 'how late the client may learn of the end', '5s')
    .option('--client <kind>', clientKinds.join(', '), 'backend')
    .option('--rate <rate>', 'jobs whose results it takes: 12/s, 1000000/d', undefined)
    .option('--reliability <kind>', reliabilities.join(', '), 'best-effort')
    .option('--reachable', 'Baton can call it by https (a backend: unless --no-reachable)')
    .option('--no-reachable', 'it is behind NAT or a firewall')
    .option('--live', 'it shows progress')
    .option('--queue <name>', 'take the rate, and what polling would cost, from this queue')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<DeliveryOptions>();
      const times =
        options.queue === undefined ? undefined : await readQueueTimes(options.queue, options, { terminal });
      const ratePerSecond =
        options.rate === undefined ? (times?.ratePerSecond ?? 0.1) : readRate(options.rate, '--rate');
      const latencyMs = readDuration(options.latency, '--latency', { min: 1, max: 24 * hour });
      const need = {
        latencyMs,
        client: readOneOf(options.client, '--client', clientKinds),
        ratePerSecond,
        reliability: readOneOf(options.reliability, '--reliability', reliabilities),
        reachable: options.reachable,
        live: options.live,
      };
      const advice = adviseDelivery(need);
      const load = times?.jobMs && {
        jobMs: times.jobMs.p50,
        jobsPerDay: ratePerSecond * 86_400,
        intervalMs: Math.max(1_000, latencyMs),
      };
      const overhead = load && pollingOverhead(load);
      print(
        { terminal },
        {
          json: options.json,
          value: { need, ...advice, ...(overhead && { overhead }), ...(times && { queue: times }) },
          text: () =>
            [
              describeAdvice(advice),
              ...(load && overhead ? ['', describeOverhead(load, overhead, times)] : []),
            ].join('\n'),
        },
      );
    });
}

function pollingCommand({ terminal }: CommandParts): Command {
  return new Command('polling')
    .description('how many requests polling makes in vain, from the real run times of a queue')
    .option('--queue <name>', 'whose jobs: their times and rate are read from its statistics')
    .option('--interval <duration>', 'of a poller at a fixed pace', '1s')
    .option('--job <duration>', 'how long a job takes, instead of what the queue says')
    .option('--rate <rate>', 'jobs, instead of what the queue says: 12/s, 1000000/d')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<PollingOptions>();
      const { queue, interval, job, rate } = options;
      if (queue === undefined && (job === undefined || rate === undefined))
        throw new UsageError(
          'give --queue, or both --job and --rate: how long a job takes and how many there are',
        );
      const times = queue === undefined ? undefined : await readQueueTimes(queue, options, { terminal });
      const jobMs =
        job === undefined ? times?.jobMs?.p50 : readDuration(job, '--job', { min: 1, max: 24 * hour });
      if (jobMs === undefined)
        throw new UsageError(
          `no job of "${queue}" has ended within the last hour, so its times are not known; give --job, such as "--job 9m"`,
        );
      const perSecond = rate === undefined ? (times?.ratePerSecond ?? 0) : readRate(rate, '--rate');
      const load = {
        jobMs,
        jobsPerDay: perSecond * 86_400,
        intervalMs: readDuration(interval, '--interval', { min: 10, max: hour }),
      };
      const overhead = pollingOverhead(load);
      const value = { ...load, overhead, ...(times && { queue: times }) };
      print({ terminal }, { json: options.json, value, text: () => describeOverhead(load, overhead, times) });
    });
}
