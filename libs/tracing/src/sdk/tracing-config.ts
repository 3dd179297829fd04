import { BatonError } from '@baton/contracts';

export const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof samplers)[number];

export const instrumentations = ['http', 'undici', 'pg', 'ioredis'] as const;
export type InstrumentationName = (typeof instrumentations)[number];

/** OTLP over HTTP; `none` where no endpoint is given. */
export type ExporterName = 'none' | 'http/protobuf' | 'http/json';
const protocols = ['http/protobuf', 'http/json'] as const;

const logLevels = ['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'] as const;
export type LogLevelName = (typeof logLevels)[number];

export interface TracingConfig {
  disabled: boolean;
  exporter: ExporterName;
  sampler: SamplerName;
  /** 0 to 1, for the ratio samplers. */
  samplerRatio: number;
  /** Ended spans that may wait for their export, and for how long at most, in milliseconds. */
  queueSize: number;
  delayMs: number;
  instrumentations: readonly InstrumentationName[];
  logLevel: LogLevelName;
}

type Env = Readonly<Record<string, string | undefined>>;

/**
 * The standard's variables (`OTEL_*`) that matter here, and `BATON_AUTO_INSTRUMENTATION`. Endpoint, headers,
 * compression and time-outs of OTLP, `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` are read by the SDK.
 * Throws a `BatonError` that names the variable, its value and what is allowed.
 */
export function readTracingConfig(env: Env = process.env): TracingConfig {
  const exporter = readExporter(env);
  return {
    disabled: oneOf(env, 'OTEL_SDK_DISABLED', ['true', 'false'], 'false') === 'true',
    exporter,
    // Spans that nobody will send are not worth drawing: without an endpoint new traces are unsampled.
    sampler: oneOf(
      env,
      'OTEL_TRACES_SAMPLER',
      samplers,
      exporter === 'none' ? 'parentbased_always_off' : 'parentbased_always_on',
    ),
    samplerRatio: numberIn(env, 'OTEL_TRACES_SAMPLER_ARG', 1, { min: 0, max: 1 }),
    queueSize: numberIn(env, 'OTEL_BSP_MAX_QUEUE_SIZE', 32_768, { min: 8_192, max: 1_048_576 }),
    delayMs: numberIn(env, 'OTEL_BSP_SCHEDULE_DELAY', 500, { min: 1, max: 500 }),
    instrumentations: readInstrumentations(env),
    logLevel: oneOf(env, 'OTEL_LOG_LEVEL', logLevels, 'warn'),
  };
}

function readExporter(env: Env): ExporterName {
  if (oneOf(env, 'OTEL_TRACES_EXPORTER', ['otlp', 'none'], 'otlp') === 'none') return 'none';
  if (!env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] && !env['OTEL_EXPORTER_OTLP_ENDPOINT']) return 'none';
  const common = oneOf(env, 'OTEL_EXPORTER_OTLP_PROTOCOL', protocols, 'http/protobuf');
  return oneOf(env, 'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', protocols, common);
}

function readInstrumentations(env: Env): InstrumentationName[] {
  if (oneOf(env, 'BATON_AUTO_INSTRUMENTATION', ['on', 'off'], 'on') === 'off') return [];
  const enabled = env['OTEL_NODE_ENABLED_INSTRUMENTATIONS'];
  const disabled = names(env['OTEL_NODE_DISABLED_INSTRUMENTATIONS']);
  // The standard's lists name instrumentations that are never loaded here; only ours are looked for.
  return instrumentations.filter(
    (name) => (enabled === undefined || names(enabled).includes(name)) && !disabled.includes(name),
  );
}

function names(list: string | undefined): string[] {
  return list?.split(',').map((name) => name.trim()) ?? [];
}

function oneOf<T extends string>(env: Env, name: string, allowed: readonly T[], fallback: T): T {
  const value = env[name];
  if (value === undefined || value === '') return fallback;
  const found = allowed.find((word) => word === value.toLowerCase());
  if (found === undefined) throw refused(name, value, `one of ${allowed.join(', ')}`);
  return found;
}

function numberIn(
  env: Env,
  name: string,
  fallback: number,
  { min, max }: { min: number; max: number },
): number {
  const value = env[name];
  if (value === undefined || value === '') return fallback;
  const number = Number(value);
  if (!(number >= min && number <= max)) throw refused(name, value, `a number from ${min} to ${max}`);
  return number;
}

function refused(name: string, value: string, allowed: string): BatonError {
  return new BatonError('invalid_request', `${name} is ${JSON.stringify(value)}; allowed is ${allowed}`);
}
