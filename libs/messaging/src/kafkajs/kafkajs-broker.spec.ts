import { sharedTestStack, type SharedTestStackOf } from '@baton/local-stack';
import { describeBroker } from '../contract/describe-broker.suite.spec.js';
import { connectKafka } from './connect-kafka.js';

let stack: SharedTestStackOf<{ kafka: true }>;

beforeAll(async () => {
  stack = await sharedTestStack({ kafka: true });
}, 300_000);

afterAll(() => stack.release());

describeBroker('kafkajs', () =>
  Promise.resolve(connectKafka({ brokers: stack.kafkaBrokers.split(','), clientId: 'test' })),
);
