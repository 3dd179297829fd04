import { readLocalStackConfig } from './local-stack.config.js';

test('servers given by the environment are read', () => {
  const { given } = readLocalStackConfig({
    DATABASE_URL: 'postgres://a:b@db/baton',
    KAFKA_BROKERS: 'one:9092,two:9092',
    S3_ENDPOINT: 'https://s3.example',
    S3_BUCKET: 'jobs',
    S3_ACCESS_KEY_ID: 'id',
    S3_SECRET_ACCESS_KEY: 'secret',
  });
  expect(given).toEqual({
    databaseUrl: 'postgres://a:b@db/baton',
    kafkaBrokers: 'one:9092,two:9092',
    s3: { endpoint: 'https://s3.example', bucket: 'jobs', accessKeyId: 'id', secretAccessKey: 'secret' },
  });
});

test.each([
  [
    { DATABASE_URL: 'mysql://a:secret@db/x' },
    'DATABASE_URL is "mysql://a:***@db/x"; allowed is a URL that starts with postgres:// or postgresql://',
  ],
  [
    { REDIS_URL: 'localhost' },
    'REDIS_URL is "localhost"; allowed is a URL that starts with redis:// or rediss://',
  ],
  [
    { KAFKA_BROKERS: 'broker' },
    'KAFKA_BROKERS is "broker"; allowed is host:port, several separated by commas',
  ],
  [
    { S3_ENDPOINT: 'http://s3', S3_BUCKET: 'b' },
    'S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY not set; allowed is all of S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, or none',
  ],
])('a wrong value is named: %j', (environment, message) => {
  expect(() => readLocalStackConfig(environment)).toThrow(message);
});
