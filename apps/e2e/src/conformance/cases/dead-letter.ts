import { deadLetterHeaders, headers, jobTopic, topics } from '@baton/contracts';
import { healDead } from '@baton/examples/heal-dead-jobs';
import { connectKafka, type IncomingRecord } from '@baton/messaging';
import { until } from '../../harness/until.js';
import type { System } from '../system.js';

export function deadLetterCases(system: () => System): void {
  const call = (method: string, path: string, body?: unknown) => system().call(method, path, body);
  const fatal = { maxAttempts: 1 };

  async function deadJob(payload: Record<string, unknown> = {}): Promise<string> {
    const script = system().script(({ heal }) => {
      if (!heal) throw new Error('broken');
      return 'healed';
    });
    const { id } = await system().post({ script, ...payload }, fatal);
    await system().untilState(id, 'dead');
    return id;
  }

  it('lists a job that has failed for good, and replays it in a new generation', async () => {
    const stage = system().stage();
    const { id } = await system().post({ script: stage.script }, fatal);
    (await stage.next()).throw(new Error('broken'));
    await system().untilState(id, 'dead');
    const listed = await call('GET', `/v1/queues/${system().queue}/dead?code=handler_error`);
    expect(listed.body.items?.map((job) => job['id'])).toContain(id);
    expect((await call('POST', `/v1/jobs/${id}/retry`)).status).toBe(202);
    const entry = await stage.next();
    expect(entry.job).toMatchObject({ attempt: 2, failures: 0 });
    entry.return('now it works');
    expect(await system().untilState(id, 'succeeded')).toMatchObject({ generation: 1, failures: 0 });
    expect(await system().client.wait(id)).toBe('now it works');
    const again = await call('POST', `/v1/jobs/${id}/retry`);
    expect([again.status, again.body['code']]).toEqual([409, 'state_conflict']);
  });

  it('replays with another payload', async () => {
    const id = await deadJob();
    const { body: dead } = await call('GET', `/v1/jobs/${id}`);
    const payload = { ...(dead['payload'] as object), heal: true };
    const answer = await call('POST', `/v1/queues/${system().queue}/dead/replay`, { ids: [id], payload });
    expect(answer.status).toBe(202);
    await system().untilState(id, 'succeeded');
    expect(await system().client.wait(id)).toBe('healed');
  });

  it('the example that heals payloads: those that it can are replayed, the others stay', async () => {
    const { client, queue, apiKey, servers } = system();
    const [curable, hopeless] = [await deadJob({ curable: true }), await deadJob()];
    const service = { url: servers.producer.url, apiKey, queue, code: 'handler_error' };
    const healed = await healDead(client, service, (payload) => {
      const given = payload as { curable?: true };
      return given.curable && { ...given, heal: true };
    });
    expect(healed).toEqual([curable]);
    expect(await client.wait(curable)).toBe('healed');
    expect((await system().job(hopeless)).state).toBe('dead');
  });

  it('goes to the tail of its lane', async () => {
    const stage = system().stage();
    const { id } = await system().post({ script: stage.script, n: 1 }, { ...fatal, orderingKey: 'dead' });
    (await stage.next()).throw(new Error('broken'));
    await system().untilState(id, 'dead');
    await system().post({ script: stage.script, n: 2 }, { orderingKey: 'dead' });
    await system().post({ script: stage.script, n: 3 }, { orderingKey: 'dead' });
    const second = await stage.next();
    await call('POST', `/v1/jobs/${id}/retry`);
    await system().until(id, (job) => job.state === 'held');
    second.return();
    const third = await stage.next();
    third.return();
    const last = await stage.next();
    last.return();
    expect([second, third, last].map((entry) => entry.payload['n'])).toEqual([2, 3, 1]);
    await system().untilState(id, 'succeeded');
  });

  it('puts bytes that cannot be read aside, ends their job, and goes on', async () => {
    if (system().mode === 'polling') return; // there are no records
    const { queue, tenantId, servers } = system();
    const { id } = await system().post({}, { delay: '1h' });
    // As if it were released, and its record spoilt on the way.
    await servers.database.pool.query(
      `UPDATE baton.job SET state = 'queued', mode = 'event', attempt = 1, queued_at = baton.now() WHERE id = $1`,
      [id],
    );
    const brokers = (servers.stack.kafkaBrokers ?? '').split(',');
    const broker = connectKafka({ brokers, clientId: 'conformance-poison' });
    const value = Buffer.from('no record at all');
    const aside: IncomingRecord[] = [];
    const reader = broker.reader({
      topics: [topics.deadLetter],
      groupPrefix: 'conformance-dead-letters',
      onRecords: ({ records }) => void aside.push(...records),
    });
    try {
      await reader.start();
      const producer = broker.producer();
      const named = { [headers.jobId]: id, [headers.tenant]: tenantId, [headers.attempt]: '1' };
      const places = await producer.send(jobTopic(queue, 'normal'), [{ key: id, value, headers: named }]);
      await producer.close();
      expect(await system().untilState(id, 'dead')).toMatchObject({ error: { code: 'undecodable' } });
      const record = await until(() => aside.find((each) => each.headers[headers.jobId] === id), {
        ms: 30_000,
        what: 'the dead letter',
      });
      expect(record.value).toEqual(value);
      expect(record.headers).toMatchObject({
        [deadLetterHeaders.topic]: jobTopic(queue, 'normal'),
        [deadLetterHeaders.offset]: String(places[0]!.offset),
        [deadLetterHeaders.reason]: expect.stringContaining('baton-schema') as string,
      });
    } finally {
      await reader.stop();
      await broker.close();
    }
    const { id: next } = await system().post({});
    await system().untilState(next, 'succeeded');
  });
}
