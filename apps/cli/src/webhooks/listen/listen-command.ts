import { webhookAlertTypes, webhookEventTypes } from '@baton/contracts';
import { Command } from 'commander';
import { UsageError } from '../../cli.error.js';
import type { CommandParts, GlobalOptions } from '../../command-parts.js';
import { Api } from '../../connection/api.js';
import { findConnection } from '../../connection/connection.config.js';
import { checkedHttpUrl } from '../http-url.js';
import type { LocalAnswer, TakenDelivery } from './forward.js';
import { type Answered, listen } from './listen.js';
import { closeEndpoint, type ListenEndpoint, openEndpoint } from './listen-endpoint.js';

interface ListenCommandOptions extends GlobalOptions {
  forward: string;
  endpoint?: string;
  events?: string;
  queues: string;
}

export function listenCommand({ terminal }: CommandParts): Command {
  return new Command('listen')
    .description(
      'forward webhooks to a port of this machine, through NAT; the history shows what it answered',
    )
    .requiredOption('--forward <url>', 'such as http://localhost:3000/hook')
    .option(
      '--endpoint <name>',
      'an endpoint of this name, which stays when the command ends; else one for this run',
    )
    .option('--events <types>', 'such as job.succeeded,job.dead; all ends of jobs when left out')
    .option('--queues <names>', 'told of every job of these queues, separated by commas', '*')
    .action(async (_options: unknown, command: Command) => {
      const { forward, endpoint, events, queues, ...options } =
        command.optsWithGlobals<ListenCommandOptions>();
      const target = checkedHttpUrl(forward, '--forward');
      const { gatewayUrl, apiKey } = findConnection(options, terminal, ['gatewayUrl', 'apiKey']);
      const api = new Api(gatewayUrl, apiKey);
      const { signal } = terminal;
      const opened = await openEndpoint(api, {
        ...(endpoint !== undefined && { name: endpoint }),
        ...(events !== undefined && { events: readEvents(events) }),
        queues: listOf(queues),
        signal,
      });
      const say = sayer((text) => terminal.out(text), options.json === true);
      say.opened(opened, target);
      try {
        await listen(api, {
          name: opened.name,
          target,
          signal,
          onForwarded: (delivery, answer, next) => say.forwarded(delivery, answer, next),
          onTrouble: (words) => terminal.err(`${words}\n`),
        });
      } finally {
        await closeEndpoint(api, opened);
      }
      terminal.err(
        opened.temporary
          ? `ended; the endpoint "${opened.name}" is deleted\n`
          : `ended; the endpoint "${opened.name}" stays and keeps what comes: listen again, or delete it\n`,
      );
    });
}

function readEvents(text: string): string[] {
  const allowed: readonly string[] = [...webhookEventTypes, ...webhookAlertTypes];
  const given = listOf(text);
  const unknown = given.find((each) => !allowed.includes(each));
  if (unknown !== undefined || given.length === 0)
    throw new UsageError(`--events must be of ${allowed.join(', ')}; got "${unknown ?? text}"`);
  return given;
}

function listOf(text: string): string[] {
  return text.split(',').flatMap((each) => (each.trim() === '' ? [] : [each.trim()]));
}

/** For people, or a JSON document a line. */
function sayer(out: (text: string) => void, json: boolean) {
  const line = (value: object): void => out(`${JSON.stringify(value)}\n`);
  return {
    opened({ name, secret }: ListenEndpoint, target: string): void {
      if (json)
        return line({ listening: true, endpoint: name, target, ...(secret !== undefined && { secret }) });
      out(`Listening at the endpoint "${name}", forwarding to ${target}. Ctrl-C ends it.\n`);
      if (secret === undefined)
        out(`Its secret was shown when it was made; rotate-secret gives a new one.\n\n`);
      else out(`Verify with the secret ${secret}\n\n`);
    },
    forwarded(delivery: TakenDelivery, answer: LocalAnswer, next: Answered | undefined): void {
      const { type, webhookId, attempt } = delivery;
      const { status, fault, words, totalMs } = answer;
      if (json)
        return line({
          type,
          webhookId,
          attempt,
          status,
          fault,
          tookMs: totalMs,
          ...(next ?? { state: 'unknown' }),
        });
      const time = new Date().toISOString().slice(11, 19);
      const again = attempt > 1 ? ` (try ${attempt})` : '';
      out(
        `${time}  ${type.padEnd(16)} ${webhookId}${again}  -> ${status ?? words ?? fault} in ${totalMs} ms${after(next)}\n`,
      );
    },
  };
}

function after(next: Answered | undefined): string {
  if (!next) return '; the gateway could not be told in time, so it comes again';
  if (next.state === 'pending') return `; again in ${Math.ceil((next.nextInMs ?? 0) / 1_000)} s`;
  return next.state === 'dead' ? '; dead: it is not tried again by itself' : '';
}
