import { diag, DiagConsoleLogger, DiagLogLevel } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';
import { CountedSpanProcessor } from './counted-span-processor.js';
import { installProvider } from './install-provider.js';
import { makeSampler } from './keeping-sampler.js';
import { loadInstrumentations } from './load-instrumentations.js';
import { makeExporter } from './make-exporter.js';
import { processResource } from './process-resource.js';
import type { LogLevelName, TracingConfig } from './tracing-config.js';

/** Sets the process's tracing up; once, before the application is imported. */
export async function startTracing(config: TracingConfig): Promise<void> {
  if (config.disabled) return;
  diag.setLogger(new DiagConsoleLogger(), { logLevel: logLevels[config.logLevel] });
  // Each failed export would be reported here with its stack; the span processor says it once and counts the rest.
  setGlobalErrorHandler((error) => diag.debug('tracing:', error));
  const exporter = await makeExporter(config.exporter);
  const { queueSize, delayMs } = config;
  const provider = installProvider({
    resource: processResource(),
    sampler: makeSampler(config),
    spanProcessors:
      exporter === undefined ? [] : [new CountedSpanProcessor({ exporter, queueSize, delayMs })],
  });
  await loadInstrumentations(config.instrumentations, provider);
}

const logLevels: Record<LogLevelName, DiagLogLevel> = {
  none: DiagLogLevel.NONE,
  error: DiagLogLevel.ERROR,
  warn: DiagLogLevel.WARN,
  info: DiagLogLevel.INFO,
  debug: DiagLogLevel.DEBUG,
  verbose: DiagLogLevel.VERBOSE,
  all: DiagLogLevel.ALL,
};
