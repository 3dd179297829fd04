import { Registry } from 'prom-client';

/** Every metric of a process is in this registry; `/metrics` prints it. */
export const batonRegistry = new Registry();

/** Seconds. From half a millisecond, since a hand-over takes few, to a quarter of an hour, since jobs may. */
export const secondsBuckets = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900,
];
