import type { IdGenerator } from '@opentelemetry/sdk-trace';
import { wantedIds } from '../spans/span-ids.js';

/**
 * The ids of another generator, except for spans that are started with ids of their own (`withIds`). An
 * application that brings its own SDK gives it this one: `new DerivedIdGenerator(new RandomIdGenerator())`.
 */
export class DerivedIdGenerator implements IdGenerator {
  constructor(private readonly others: IdGenerator) {}

  generateTraceId(): string {
    return wantedIds().traceId ?? this.others.generateTraceId();
  }

  generateSpanId(): string {
    return wantedIds().spanId ?? this.others.generateSpanId();
  }
}
