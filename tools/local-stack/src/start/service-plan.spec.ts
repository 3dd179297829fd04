import { planServices } from './service-plan.js';

const addresses = {
  databaseUrl: 'postgres://db',
  kafkaBrokers: 'kafka:9092',
  redisUrl: 'redis://cache',
  s3: { endpoint: 'http://s3', bucket: 'b', accessKeyId: 'id', secretAccessKey: 'secret' },
};

test('an event worker never learns where the database is', async () => {
  const plan = await planServices({
    addresses,
    modes: ['polling', 'event'],
    common: { DATABASE_URL: 'postgres://user', BATON_MASTER_KEY: 'k' },
  });
  expect(plan.map(({ name }) => name)).toEqual([
    'producer',
    'result-gateway',
    'relay',
    'worker-polling',
    'worker-event',
  ]);
  const [producer, , , polling, event] = plan.map(({ environment }) => environment);
  expect(producer).toMatchObject({
    DATABASE_URL: 'postgres://db',
    KAFKA_BROKERS: 'kafka:9092',
    S3_BUCKET: 'b',
    BATON_MASTER_KEY: 'k',
  });
  expect(polling).toMatchObject({ DISPATCH_MODE: 'polling', DATABASE_URL: 'postgres://db' });
  expect(event).toMatchObject({ DISPATCH_MODE: 'event', KAFKA_BROKERS: 'kafka:9092' });
  expect(event).not.toHaveProperty('DATABASE_URL');
});

test('no two services listen on one port, and polling needs one worker', async () => {
  const plan = await planServices({
    addresses: { databaseUrl: 'postgres://db' },
    modes: ['polling'],
    common: {},
  });
  expect(plan.map(({ name }) => name)).not.toContain('worker-event');
  const ports = plan.flatMap(({ environment }) => [environment['PORT'], environment['METRICS_PORT']]);
  expect(new Set(ports).size).toBe(ports.length);
});
