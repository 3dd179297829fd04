import { create, toBinary } from '@bufbuild/protobuf';
import { headers, JobRecordSchema } from '@baton/contracts';
import type { IncomingRecord } from '@baton/messaging';
import { decodeRecord } from './decode-record.js';

const id = '01a215d3-367d-77c7-a63c-a50d8cdd90ae';
const good = { jobId: id, tenantId: id, queue: 'mail', attempt: 1, timeoutMs: 1_000n, orderingKey: 'k' };

function decode(fields: Partial<typeof good>, given: Record<string, string> = {}) {
  const record = {
    topic: 'baton.jobs.mail',
    partition: 0,
    offset: 0,
    headers: { [headers.schema]: '1', [headers.term]: '1:1', ...given },
    value: Buffer.from(toBinary(JobRecordSchema, create(JobRecordSchema, { ...good, ...fields }))),
  } as unknown as IncomingRecord;
  return decodeRecord(record, { workerId: id, queue: 'mail', group: 'g', readAtMs: 0, redelivered: false });
}

it('reads a record', () => {
  expect(decode({})).toMatchObject({ ok: true, delivery: { jobId: id, orderingKey: 'k', timeoutMs: 1_000 } });
});

it.each([
  [{ jobId: 'x' }, 'its job id is "x"'],
  [{ tenantId: '' }, 'its tenant id is ""'],
  [{ queue: 'other' }, 'it is of queue "other"'],
  [{ attempt: 0 }, 'its attempt is 0'],
  [{ timeoutMs: 0n }, 'its timeout is 0 ms'],
  // The inbox could not read the report of it, and never answer.
  [{ orderingKey: 'a\0b' }, 'its ordering key holds a null character'],
])('refuses %j', (fields, reason) => {
  expect(decode(fields)).toEqual({ ok: false, reason });
});

it.each([
  [headers.schema, '2', 'its baton-schema is "2"; this worker knows 1'],
  [headers.term, 'x', 'its baton-term is "x"; expected <shard>:<epoch>'],
])('refuses a %s of %j', (name, value, reason) => {
  expect(decode({}, { [name]: value })).toEqual({ ok: false, reason });
});
