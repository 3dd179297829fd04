import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { verifyWebhook, type WebhookEvent } from '@baton/client';
import { webhookReceiver } from '@baton/examples/webhook-receiver';
import type { System } from '../system.js';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

interface Delivery {
  headers: IncomingHttpHeaders;
  body: string;
}

export function webhookCases(system: () => System): void {
  let server: Server;
  let url: string;
  /** How the next deliveries are answered; 204 when there is none. */
  const answers: number[] = [];
  const waiting: Delivery[] = [];
  const waiters: ((delivery: Delivery) => void)[] = [];
  const next = (): Promise<Delivery> => {
    const delivery = waiting.shift();
    return delivery ? Promise.resolve(delivery) : new Promise((resolve) => waiters.push(resolve));
  };
  beforeAll(async () => {
    server = createServer((request, response) => {
      void text(request).then((body) => {
        response.writeHead(answers.shift() ?? 204).end();
        const delivery = { headers: request.headers, body };
        const waiter = waiters.shift();
        if (waiter) waiter(delivery);
        else waiting.push(delivery);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('tells of the end, signed with the job’s own secret', async () => {
    const script = system().script(() => ({ made: 1 }));
    const { id } = await system().post({ script }, { webhook: { url, secret } });
    const { headers, body } = await next();
    expect(await verifyWebhook(body, headers, { secret })).toMatchObject({
      type: 'job.succeeded',
      data: { id, state: 'succeeded', result: { made: 1 } },
    });
  });

  it('the example of a receiver takes it', async () => {
    const took = Promise.withResolvers<WebhookEvent>();
    const take = async (event: WebhookEvent): Promise<void> => took.resolve(event);
    const receiver = createServer(webhookReceiver({ secret, take })).listen(0, '127.0.0.1');
    await once(receiver, 'listening');
    const to = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
    const { id } = await system().post(
      { script: system().script(() => 1) },
      { webhook: { url: to, secret } },
    );
    expect((await took.promise).data).toMatchObject({ id, result: 1 });
    receiver.closeAllConnections();
    receiver.close();
  });

  it('tells of a death, and again where the receiver fails', async () => {
    answers.push(500);
    const script = system().script(() => {
      throw new Error('broken');
    });
    const { id } = await system().post({ script }, { webhook: { url, secret }, maxAttempts: 1 });
    const first = await next();
    await system().untilState(id, 'dead');
    await system().shiftClock(60_000);
    const again = await next();
    const keys = { secret, now: () => Date.now() + 60_000 };
    const events = [first, again].map(({ headers, body }) => verifyWebhook(body, headers, keys));
    const [one, two] = await Promise.all(events);
    expect(one).toMatchObject({ type: 'job.dead', data: { id } });
    expect(two!.id).toBe(one!.id);
  });
}
