import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

export const testSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';

/** Ways in which receivers are wrong. */
export type Fault =
  | 'believes-all'
  | 'ignores-body'
  | 'no-clock'
  | 'first-signature-only'
  | 'parses-first'
  | 'small-bodies'
  | 'does-twice'
  | 'refuses-repetitions'
  | 'remembers-before-verifying'
  | 'refuses-unknown-types'
  | 'throws-on-bad'
  | 'slow'
  | 'redirects'
  | 'refuses-all';

/** A receiver with a fault, or none; `GET /effects` answers how many deliveries it has acted on. */
export class Receiver {
  private effects = 0;
  private readonly seen = new Set<string>();
  private readonly server = createServer((request, response) => void this.handle(request, response));

  constructor(private readonly fault?: Fault) {}

  async start(): Promise<this> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  url(path = '/hook'): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'GET') return void response.end(String(this.effects));
    const answer = (status: number): void => void response.writeHead(status, { location: '/hook' }).end();
    const { fault } = this;
    const id = String(request.headers['webhook-id']);
    if (fault === 'redirects') return answer(307);
    if (fault === 'remembers-before-verifying' && this.firstTime(id) === false) return answer(204);
    let body: Buffer;
    try {
      body = await buffer(request);
    } catch {
      return; // the sender has cut it
    }
    if (fault === 'small-bodies' && body.length > 8_192) return answer(413);
    if (fault === 'refuses-all' || !this.verify(request, body))
      return answer(fault === 'throws-on-bad' ? 500 : 401);
    const { type } = JSON.parse(body.toString()) as { type: string };
    if (fault === 'refuses-unknown-types' && !['job.succeeded', 'job.overdue'].includes(type))
      return answer(400);
    if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, 300));
    if (fault === 'does-twice' || fault === 'remembers-before-verifying') this.effects++;
    else if (this.firstTime(id)) this.effects++;
    else if (fault === 'refuses-repetitions') return answer(422);
    answer(204);
  }

  private firstTime(id: string): boolean {
    if (this.seen.has(id)) return false;
    this.seen.add(id);
    return true;
  }

  private verify(request: IncomingMessage, body: Buffer): boolean {
    const text = (name: string): string => String(request.headers[name] ?? '');
    const headers = {
      'webhook-id': text('webhook-id'),
      'webhook-timestamp': text('webhook-timestamp'),
      'webhook-signature': text('webhook-signature'),
    };
    const verified = (content: string, given = headers): boolean => {
      try {
        new Webhook(testSecret).verify(content, given);
        return true;
      } catch {
        return false;
      }
    };
    const now = String(Math.floor(Date.now() / 1_000));
    switch (this.fault) {
      case 'believes-all':
        return true;
      case 'ignores-body':
        return headers['webhook-signature'].startsWith('v1,') && body.length > 0 && this.fresh(headers);
      case 'no-clock':
        return this.anyOf(headers, body);
      case 'first-signature-only':
        return verified(body.toString(), {
          ...headers,
          'webhook-signature': headers['webhook-signature'].split(' ')[0]!,
        });
      case 'parses-first':
        return verified(JSON.stringify(JSON.parse(body.toString())), {
          ...headers,
          'webhook-timestamp': headers['webhook-timestamp'] || now,
        });
      default:
        return verified(body.toString());
    }
  }

  private fresh(headers: Record<string, string>): boolean {
    return Math.abs(Date.now() / 1_000 - Number(headers['webhook-timestamp'])) < 300;
  }

  private anyOf(headers: Record<string, string>, body: Buffer): boolean {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body.toString()}`;
    const wanted = hmac(signed);
    return headers['webhook-signature']!.split(' ').some((each) => same(each, `v1,${wanted}`));
  }
}

function hmac(text: string): string {
  return createHmac('sha256', Buffer.from(testSecret.slice(6), 'base64'))
    .update(text)
    .digest('base64');
}

function same(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
}
