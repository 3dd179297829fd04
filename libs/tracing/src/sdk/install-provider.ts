import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import {
  RandomIdGenerator,
  TracerProvider,
  type Sampler,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { DerivedIdGenerator } from './derived-id-generator.js';

export interface InstallOptions {
  resource: Resource;
  sampler: Sampler;
  spanProcessors: SpanProcessor[];
}

/** Makes the process's tracer provider and registers it, with context over `AsyncLocalStorage` and W3C headers. */
export function installProvider(options: InstallOptions): TracerProvider {
  const provider = new TracerProvider({
    ...options,
    idGenerator: new DerivedIdGenerator(new RandomIdGenerator()),
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(
    new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
  );
  trace.setGlobalTracerProvider(provider);
  return provider;
}
