import { readTracingConfig } from './tracing-config.js';

test('of nothing: no exporter, so nothing new is sampled', () => {
  expect(readTracingConfig({})).toEqual({
    disabled: false,
    exporter: 'none',
    sampler: 'parentbased_always_off',
    samplerRatio: 1,
    queueSize: 32_768,
    delayMs: 500,
    instrumentations: ['http', 'undici', 'pg', 'ioredis'],
    logLevel: 'warn',
  });
});

test('with an endpoint everything is sampled and sent in protobuf', () => {
  const endpoint = 'http://127.0.0.1:4318';
  expect(readTracingConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toMatchObject({
    exporter: 'http/protobuf',
    sampler: 'parentbased_always_on',
  });
  const json = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  expect(readTracingConfig(json).exporter).toBe('http/json');
  expect(readTracingConfig({ ...json, OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf' }).exporter).toBe(
    'http/protobuf',
  );
  expect(readTracingConfig({ ...json, OTEL_TRACES_EXPORTER: 'none' }).exporter).toBe('none');
});

test.each([
  [{ BATON_AUTO_INSTRUMENTATION: 'off' }, []],
  [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: '' }, []],
  [{ OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pg, kafkajs' }, ['pg']],
  [{ OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http,ioredis' }, ['undici', 'pg']],
])('%j: %j', (env, names) => {
  expect(readTracingConfig(env).instrumentations).toEqual(names);
});

test.each([
  ['OTEL_TRACES_SAMPLER', 'sometimes', 'one of always_on, always_off'],
  ['OTEL_TRACES_SAMPLER_ARG', '1.5', 'a number from 0 to 1'],
  ['OTEL_TRACES_SAMPLER_ARG', 'half', 'a number from 0 to 1'],
  ['OTEL_BSP_MAX_QUEUE_SIZE', '100', 'a number from 8192'],
  ['OTEL_BSP_SCHEDULE_DELAY', '5000', 'a number from 1 to 500'],
  ['BATON_AUTO_INSTRUMENTATION', 'no', 'one of on, off'],
  ['OTEL_SDK_DISABLED', 'yes', 'one of true, false'],
])('%s=%s is refused with what is allowed', (name, value, allowed) => {
  expect(() => readTracingConfig({ [name]: value })).toThrow(`${name} is "${value}"; allowed is ${allowed}`);
});

test('gRPC is not spoken', () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
  expect(() => readTracingConfig(env)).toThrow('allowed is one of http/protobuf, http/json');
});
