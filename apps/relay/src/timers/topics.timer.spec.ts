import { jobTopics } from '@baton/contracts';
import { useTestDatabase } from '@baton/persistence/testing';
import { testBroker, type TestBroker } from '../testing/test-broker.js';
import { TopicsTimer } from './topics.timer.js';

const test = useTestDatabase('event');
let kafka: TestBroker;
beforeAll(async () => {
  kafka = await testBroker();
});
afterAll(() => kafka.close());

it('makes the topics of each queue, though the broker refuses another', async () => {
  const { admin } = kafka.broker;
  const refused = { topic: 'no topic', partitions: 1, config: {} };
  const timer = new TopicsTimer(test.database, admin, [refused]);
  await expect(timer.look()).rejects.toThrow('not all topics could be made');
  for (const topic of jobTopics(test.tenant.queue)) expect(await admin.describeTopic(topic)).toBeDefined();
});

it('makes what is missing once, and then asks for nothing', async () => {
  const timer = new TopicsTimer(test.database, kafka.broker.admin, []);
  expect((await timer.look()).found).toBe(true);
  expect((await timer.look()).found).toBe(false);
});
