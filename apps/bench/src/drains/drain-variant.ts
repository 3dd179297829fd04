/** A drain of Baton's under settings of its own, beside others in the same rounds. */
export interface DrainVariant {
  name: string;
  /** Of the queue, as `PUT /v1/queues/:name` takes them. */
  settings: object;
  jobs: number;
  /** What the n-th job has besides its payload. */
  fieldsOf: (n: number) => object;
}

const plain = (): object => ({});

/** Figure 12: order within keys. The first is what the others are compared with. */
export function laneVariants(jobs: number): DrainVariant[] {
  const keys = Math.max(1, Math.round(jobs / 100));
  const hotJobs = Math.max(1, Math.round(jobs / 20));
  const everyKey = (n: number): object => ({ orderingKey: `k${n % keys}` });
  return [
    { name: 'no keys', settings: {}, jobs, fieldsOf: plain },
    { name: `${keys} keys × 100 jobs`, settings: {}, jobs: keys * 100, fieldsOf: everyKey },
    { name: 'one hot key', settings: {}, jobs: hotJobs, fieldsOf: () => ({ orderingKey: 'hot' }) },
    {
      name: 'a hot key of 1 job in 20, others without',
      settings: {},
      jobs,
      fieldsOf: (n) => (n % 20 === 0 ? { orderingKey: 'hot' } : {}),
    },
  ];
}

/**
 * Figure 13: limits that hold back no more than the workers do, so that what is measured is their cost.
 * @param slots how many jobs the worker runs at once
 */
export function gateVariants(jobs: number, slots: number): DrainVariant[] {
  const concurrency = { concurrency: { total: slots } };
  const rateLimit = { rateLimit: { limit: 1_000_000, per: '1s', burst: 2 * slots } };
  const perKey = 2;
  const keys = Math.ceil(slots / perKey);
  return [
    { name: 'no limits', settings: {}, jobs, fieldsOf: plain },
    { name: `concurrency ${slots}`, settings: concurrency, jobs, fieldsOf: plain },
    { name: `rate, bursts of ${2 * slots}`, settings: rateLimit, jobs, fieldsOf: plain },
    { name: 'both', settings: { ...concurrency, ...rateLimit }, jobs, fieldsOf: plain },
    {
      name: `concurrency ${perKey} of each of ${keys} keys`,
      settings: { concurrency: { perKey } },
      jobs,
      fieldsOf: (n) => ({ concurrencyKey: `k${n % keys}` }),
    },
  ];
}
