import { Counter, Gauge, Histogram } from 'prom-client';
import { batonRegistry, secondsBuckets } from './registry.js';

/** Labels are words of a small, fixed set, or names of queues: never an id, a key or a tenant. */
export function counter<L extends string = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
): Counter<L> {
  return new Counter<L>({ name, help, labelNames, registers: [batonRegistry] });
}

export function gauge<L extends string = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
): Gauge<L> {
  return new Gauge<L>({ name, help, labelNames, registers: [batonRegistry] });
}

export function secondsHistogram<L extends string = never>(
  name: string,
  help: string,
  labelNames: readonly L[] = [],
): Histogram<L> {
  return new Histogram<L>({ name, help, labelNames, buckets: secondsBuckets, registers: [batonRegistry] });
}
