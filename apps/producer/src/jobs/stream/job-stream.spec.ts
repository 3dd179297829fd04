import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { limits } from '@baton/contracts';
import { TestProducer } from '../../testing/test-producer.js';

interface Answer {
  line: number;
  id?: string;
  error?: { code: string; message: string; retryable: boolean; errors?: { path: string }[] };
}

let producer: TestProducer;
let port: number;
let tenant: Awaited<ReturnType<TestProducer['tenant']>>;

beforeAll(async () => {
  producer = await TestProducer.start();
  await producer.app.listen(0, '127.0.0.1');
  ({ port } = (producer.app.getHttpServer() as { address(): AddressInfo }).address());
});
afterAll(() => producer.close());
beforeEach(async () => {
  tenant = await producer.tenant();
});

/** A stream as a client has it: lines are written and answers read at the same time. */
class Stream {
  readonly call: ClientRequest;
  private readonly response: Promise<[IncomingMessage]>;
  private answers: AsyncIterator<string> | undefined;

  constructor(headers: Record<string, string> = {}) {
    this.call = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/jobs/batch',
      headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/x-ndjson', ...headers },
    });
    this.response = once(this.call, 'response') as Promise<[IncomingMessage]>;
    this.response.catch(() => undefined);
  }

  async write(...lines: unknown[]): Promise<void> {
    const text = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
    if (!this.call.write(text)) await once(this.call, 'drain');
  }

  end(): void {
    this.call.end();
  }

  async status(): Promise<number> {
    return (await this.response)[0].statusCode!;
  }

  /** The next answer; undefined after the last. */
  async next(): Promise<Answer | undefined> {
    const [response] = await this.response;
    this.answers ??= createInterface({ input: response })[Symbol.asyncIterator]();
    const { value, done } = await this.answers.next();
    return done ? undefined : (JSON.parse(value) as Answer);
  }

  async rest(): Promise<Answer[]> {
    const all: Answer[] = [];
    for (let answer = await this.next(); answer; answer = await this.next()) all.push(answer);
    return all;
  }
}

async function send(...lines: unknown[]): Promise<Answer[]> {
  const stream = new Stream();
  await stream.write(...lines);
  stream.end();
  return stream.rest();
}

async function jobs(): Promise<{ id: string; state: string; payload: string }[]> {
  const { rows } = await producer.test.database.pool.query<{ id: string; state: string; payload: string }>(
    'SELECT id, state::text, payload FROM baton.job WHERE tenant_id = $1 ORDER BY id',
    [tenant.tenantId],
  );
  return rows;
}
const job = (more: object = {}) => ({ queue: tenant.queue, ...more });

it('accepts each line and answers it, in order, with payloads as they were sent', async () => {
  const stream = new Stream();
  await stream.write(
    `{"queue":"${tenant.queue}","payload":{"n": 1.0}}`,
    '',
    job({ payload: 2, orderingKey: 'k' }),
    job({ orderingKey: 'k' }),
  );
  stream.end();
  expect(await stream.status()).toBe(202);
  const answers = await stream.rest();
  expect(answers.map(({ line }) => line)).toEqual([1, 3, 4]);
  const made = await jobs();
  expect(answers.map(({ id }) => id)).toEqual(made.map(({ id }) => id));
  expect(made.map(({ state, payload }) => [state, payload])).toEqual([
    ['queued', '{"n": 1.0}'],
    ['queued', '2'],
    ['held', 'null'],
  ]);
});

it('answers a caller who waits for the answer before it sends on', async () => {
  const stream = new Stream();
  for (let line = 1; line <= 3; line++) {
    await stream.write(job());
    expect(await stream.next()).toEqual({ line, id: expect.any(String) });
  }
  stream.end();
  expect(await stream.rest()).toEqual([]);
});

it('a bad line is told, and stops no other', async () => {
  const answers = await send(
    job({ payload: 0 }),
    '{"queue": ',
    '[]',
    job({ colour: 'red' }),
    job({ queue: 'nowhere' }),
    job({ payload: 'x'.repeat(limits.payloadBytes) }),
    'x'.repeat(limits.bodyBytes + 1),
    job({ idempotencyKey: '' }),
    job({ payload: 7 }),
  );
  expect(answers.map(({ line, id, error }) => [line, id !== undefined, error?.code])).toEqual([
    [1, true, undefined],
    [2, false, 'invalid_json'],
    [3, false, 'invalid_request'],
    [4, false, 'invalid_request'],
    [5, false, 'unknown_queue'],
    [6, false, 'payload_too_large'],
    [7, false, 'payload_too_large'],
    [8, false, 'invalid_request'],
    [9, true, undefined],
  ]);
  expect(answers[3]!.error).toMatchObject({ retryable: false, errors: [{ path: 'colour' }] });
  expect((await jobs()).map(({ payload }) => payload)).toEqual(['0', '7']);
});

it('is sent again with the same keys, and makes nothing a second time', async () => {
  const lines = Array.from({ length: 1_500 }, (_, n) => job({ payload: n, idempotencyKey: `k${n}` }));
  const first = await send(...lines.slice(0, 1_200));
  const again = await send(...lines);
  expect(again.slice(0, 1_200).map(({ id }) => id)).toEqual(first.map(({ id }) => id));
  expect(await jobs()).toHaveLength(1_500);
  const [other] = await send(job({ payload: 'other', idempotencyKey: 'k0' }));
  expect(other!.error).toMatchObject({ code: 'idempotency_mismatch' });
});

it('is sent again to a queue that takes no more: what was accepted is told, the rest is refused', async () => {
  const line = (key: string) => job({ payload: 1, idempotencyKey: key });
  const [first] = await send(line('a'));
  await producer.call('POST', `/v1/queues/${tenant.queue}/drain`, { key: tenant.key });
  const [again, other] = await send(line('a'), line('b'));
  expect(again).toEqual({ line: 1, id: first!.id });
  expect(other).toMatchObject({ line: 2, error: { code: 'state_conflict' } });
});

it('two streams with the same keys at once make each job once', async () => {
  const lines = Array.from({ length: 400 }, (_, n) =>
    job({ payload: n, idempotencyKey: `k${n}`, orderingKey: `o${n % 7}` }),
  );
  const [one, two] = await Promise.all([send(...lines), send(...lines.toReversed())]);
  expect(new Set(one.map(({ id }) => id))).toEqual(new Set(two.map(({ id }) => id)));
  expect(await jobs()).toHaveLength(400);
});

it('a key within one batch counts too', async () => {
  const line = job({ payload: 1, idempotencyKey: 'k' });
  const answers = await send(line, line, job({ payload: 2, idempotencyKey: 'k' }));
  expect(answers[1]!.id).toBe(answers[0]!.id);
  expect(answers[2]!.error?.code).toBe('idempotency_mismatch');
  expect(await jobs()).toHaveLength(1);
});

it('a key whose time is past is taken anew', async () => {
  const line = job({ idempotencyKey: 'k' });
  const [first] = await send(line);
  await producer.test.database.pool.query(
    `UPDATE baton.idempotency SET created_at = created_at - interval '25 hours'`,
  );
  const [second] = await send(line);
  expect(second!.id).not.toBe(first!.id);
  expect(await send(line)).toMatchObject([{ id: second!.id }]);
});

it('a busy lane is waited for, with its lines in order, and its keys are not lost', async () => {
  await send(job({ orderingKey: 'k' }));
  const holder = await producer.test.database.pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM baton.lane WHERE queue = $1 FOR UPDATE', [tenant.queue]);
  const stream = new Stream();
  await stream.write(
    job({ orderingKey: 'k', payload: 1, idempotencyKey: 'a' }),
    job({ payload: 2 }),
    job({ orderingKey: 'k', payload: 3 }),
  );
  stream.end();
  // The one that wants no lane is committed before the others wait.
  const others = async (): Promise<number> => (await jobs()).filter(({ payload }) => payload === '2').length;
  while ((await others()) === 0);
  await holder.query('ROLLBACK');
  holder.release();
  expect(await stream.rest()).toMatchObject([
    { line: 1, id: expect.any(String) },
    { line: 2 },
    { line: 3, id: expect.any(String) },
  ]);
  const { rows } = await producer.test.database.pool.query<{ payload: string }>(
    `SELECT payload FROM baton.job WHERE queue = $1 AND reason = 'lane' ORDER BY lane_place`,
    [tenant.queue],
  );
  expect(rows.map(({ payload }) => payload)).toEqual(['1', '3']);
  expect(await send(job({ orderingKey: 'k', payload: 1, idempotencyKey: 'a' }))).toMatchObject([
    { id: expect.any(String) },
  ]);
  expect(await jobs()).toHaveLength(4);
});

it('a caller that goes leaves whole transactions', async () => {
  const stream = new Stream();
  stream.call.on('error', () => undefined);
  await stream.write(...Array.from({ length: 2_500 }, (_, n) => job({ payload: n })));
  await stream.next();
  stream.call.destroy();
  // At whatever moment: a count of jobs is one of whole batches.
  for (let looks = 0; looks < 20; looks++) expect([1_000, 2_000, 2_500]).toContain((await jobs()).length);
});

it('reads no faster than its answers are read', async () => {
  const stream = new Stream();
  const line = `${JSON.stringify(job({ payload: 'x'.repeat(200) }))}\n`.repeat(100);
  let written = 0;
  // Until the server takes no more: nobody reads its answers.
  const stalled = new Promise<void>((resolve) => {
    let timer: NodeJS.Timeout;
    const write = (): void => {
      clearTimeout(timer);
      timer = setTimeout(resolve, 1_500);
      while (written < 400_000 && this_.write(line)) written += 100;
      written += 100;
      this_.once('drain', write);
    };
    const this_ = stream.call;
    write();
  });
  await stalled;
  expect(written).toBeLessThan(400_000);
  stream.call.on('error', () => undefined);
  stream.call.destroy();
}, 60_000);

it('wants a key with the scope, and no key for the whole', async () => {
  const reader = await producer.keyFor(tenant.tenantId, ['jobs:read']);
  const answer = await producer.call('POST', '/v1/jobs/batch', {
    key: reader,
    body: '{}',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  expect(answer.statusCode).toBe(403);
  const keyed = await producer.call('POST', '/v1/jobs/batch', {
    key: tenant.key,
    body: '{}',
    headers: { 'content-type': 'application/x-ndjson', 'idempotency-key': 'k' },
  });
  expect(keyed.json()).toMatchObject({ code: 'invalid_request', errors: [{ path: 'Idempotency-Key' }] });
  const elsewhere = await producer.call('POST', '/v1/jobs', {
    key: tenant.key,
    body: '{}',
    headers: { 'content-type': 'application/x-ndjson' },
  });
  expect(elsewhere.statusCode).toBe(415);
});
