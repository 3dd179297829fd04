import { createTestStack, type Stack } from '@baton/local-stack';
import { describeBrokerRecovery } from '../contract/describe-broker.suite.spec.js';
import type { BrokerProcess } from '../contract/recovery.suite.spec.js';
import { connectKafka } from './connect-kafka.js';

let stack: Stack;

beforeAll(async () => {
  stack = await createTestStack({ kafka: true });
}, 300_000);

afterAll(() => stack.stop(), 60_000);

const connect = () => {
  const brokers = (stack.kafkaBrokers ?? '').split(',');
  return Promise.resolve(
    connectKafka({
      brokers,
      clientId: 'test',
      connectionTimeoutMs: 1_000,
      requestTimeoutMs: 3_000,
      adminTimeoutMs: 5_000,
    }),
  );
};

const server = (): BrokerProcess => {
  const kafka = stack.server('kafka');
  return {
    start: () => kafka.start(),
    stop: () => kafka.stop(),
    kill: () => kafka.kill(),
    pause: () => kafka.pause(),
    resume: () => kafka.resume(),
    mend: async () => {
      if (kafka.state === 'paused') await kafka.resume();
      if (kafka.state === 'stopped') await kafka.start();
    },
  };
};

describeBrokerRecovery('kafkajs', connect, server);
