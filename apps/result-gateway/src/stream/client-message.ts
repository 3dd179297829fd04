import { BatonError, type EventCursor, parseCursor } from '@baton/contracts';
import { idSchema } from '@baton/service';
import { z } from 'zod';

const jobId = idSchema;
const queueName = /^[a-z0-9][a-z0-9_-]{0,62}$/;

const shapes = z.union([
  z.strictObject({ token: z.string().max(4_096) }),
  z.strictObject({ subscribe: z.string().max(100), cursor: z.string().max(30).nullish() }),
  z.strictObject({ unsubscribe: z.string().max(100) }),
  z.strictObject({ ack: z.string().max(30), job: jobId.optional() }),
]);

export type Channel = { kind: 'job'; jobId: string } | { kind: 'queue'; queue: string };

export type ClientMessage =
  | { kind: 'token'; token: string }
  | { kind: 'subscribe'; name: string; channel: Channel; cursor: EventCursor | undefined }
  | { kind: 'unsubscribe'; name: string }
  | { kind: 'ack'; cursor: EventCursor; jobId: string | undefined };

/** @throws BatonError `invalid_json`, `invalid_request` */
export function readMessage(text: string): ClientMessage {
  const { data, success } = shapes.safeParse(parse(text));
  if (!success) {
    throw refused(
      'a message is {"token": …}, {"subscribe": "job:<id>" or "queue:<name>", "cursor"?: …}, {"unsubscribe": …} or {"ack": cursor, "job"?: id}',
    );
  }
  if ('token' in data) return { kind: 'token', token: data.token };
  if ('unsubscribe' in data) return { kind: 'unsubscribe', name: data.unsubscribe };
  if ('ack' in data) return { kind: 'ack', cursor: cursorOf(data.ack, 'ack'), jobId: data.job };
  const cursor = data.cursor == null ? undefined : cursorOf(data.cursor, 'cursor');
  return { kind: 'subscribe', name: data.subscribe, channel: channelOf(data.subscribe), cursor };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BatonError('invalid_json', 'the message is not JSON', { cause });
  }
}

function channelOf(name: string): Channel {
  const [kind, rest = ''] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)];
  if (kind === 'job') {
    const { data } = jobId.safeParse(rest);
    if (data !== undefined) return { kind, jobId: data };
  }
  if (kind === 'queue' && queueName.test(rest)) return { kind, queue: rest };
  throw refused(`subscribe is "${name}"; allowed: "job:<id>" and "queue:<name>"`);
}

function cursorOf(text: string, field: string): EventCursor {
  const cursor = parseCursor(text);
  if (cursor) return cursor;
  throw refused(`${field} is "${text}"; allowed: generation:seq as an event gave it, such as "0:4"`);
}

function refused(words: string): BatonError {
  return new BatonError('invalid_request', words);
}
