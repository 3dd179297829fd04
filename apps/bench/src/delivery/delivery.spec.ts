import { waitingTable } from './waiting/measure-waiting.js';
import { wellJobs } from './webhooks/endpoints.js';
import { arrivals, targetRows } from './webhooks/measure-target.js';
import { missing } from './webhooks/measure-webhooks.js';
import { WebhookReceiver } from './webhooks/webhook-receiver.js';

it('jobs come evenly, 12 a second, with bursts of 100', () => {
  const times = arrivals(60);
  expect(times).toHaveLength(60 * 12 + 6 * 100);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(times.filter((at) => at === 5_000).length).toBeGreaterThanOrEqual(100);
});

it('tells what is neither delivered nor dead, and the part that was in time', () => {
  const counts = {
    pending: 0,
    delivered: 8,
    dead: 1,
    attempts: 11,
    seconds: 1,
    received: 8,
    distinct: 8,
    cpu: {},
  };
  const rows = Object.fromEntries(targetRows({ ...counts, lateMs: [10, 20, 30, 2_000] }, 10));
  expect(rows).toMatchObject({
    'neither (to reach: 0)': '1',
    'within 1 s of the end (to reach: 95 %)': '75.0 %',
  });
});

it('reaches nothing where one was not answered', () => {
  const figures = {
    channel: 'SSE',
    waiters: 10,
    answered: 9,
    p50Ms: 1,
    p95Ms: 2,
    p99Ms: 3,
    kbPerConnection: 10,
  };
  const reached = (more: object) => waitingTable([{ ...figures, ...more }]).rows[0]!.at(-1);
  expect([reached({}), reached({ answered: 10 }), reached({ answered: 10, p95Ms: 100 })]).toEqual([
    'no',
    'yes',
    'no',
  ]);
});

it('the receivers count what comes, and how late', async () => {
  const receiver = await WebhookReceiver.start();
  const timestamp = new Date(Date.now() - 5_000).toISOString();
  const body = JSON.stringify({ timestamp });
  for (let i = 0; i < 2; i++)
    await fetch(receiver.url('well', 1), { method: 'POST', body, headers: { 'webhook-id': 'a' } });
  expect([receiver.received, receiver.ids.size]).toEqual([2, 1]);
  expect(receiver.lateMs[0]).toBeGreaterThanOrEqual(5_000);
  await receiver.close();
});

it('counts the jobs whose endpoint is well, and says which of them a round did not see', () => {
  const mix = { endpoints: 1_000, dead: 0.1, slow: 0.05 };
  expect([wellJobs(mix, 1_000), wellJobs(mix, 4_000), wellJobs({ ...mix, dead: 0, slow: 0 }, 7)]).toEqual([
    850, 3_400, 7,
  ]);
  const nothing = { attemptsPerSecond: 1, gatewayMs: 1, postgresMs: 1, p50Ms: 1, p95Ms: 1, p99Ms: 1 };
  expect(
    missing([
      { ...nothing, round: 'all', healthy: 5, delivered: 5 },
      { ...nothing, round: 'some', healthy: 5, delivered: 3 },
    ]),
  ).toEqual([
    expect.stringContaining("some: its time was over before 2 of 5 healthy receivers' deliveries came"),
  ]);
});
