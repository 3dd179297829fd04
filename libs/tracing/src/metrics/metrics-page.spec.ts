import { readFileSync } from 'node:fs';
import '../index.js';
import { batonRegistry } from './registry.js';

const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');

/** `| name | type | labels | help |`, as the page must have it. */
function rowOf(metric: { name: string; type: unknown; help: string; labelNames: readonly string[] }): string {
  const labels = metric.labelNames.map((label) => `\`${label}\``).join(', ') || '–';
  return `| \`${metric.name}\` | ${String(metric.type)} | ${labels} | ${metric.help} |`;
}

// prom-client keeps a metric's labels on the metric, though its types do not say so.
const defined = batonRegistry.getMetricsAsArray() as unknown as Parameters<typeof rowOf>[0][];

test('the page has a row for each metric, and for nothing else', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.toSorted()).toEqual(
    defined.map((metric) => rowOf({ ...metric, type: typeOf(metric) })).toSorted(),
  );
});

test('no metric is labelled by an id, a key or a tenant', () => {
  for (const { name, labelNames } of defined) {
    for (const label of labelNames)
      expect(`${name} ${label}`).not.toMatch(/ (.*_)?(id|key|tenant|job|worker)$/);
  }
});

test('every name has its unit or its count in it', async () => {
  for (const metric of await batonRegistry.getMetricsAsJSON()) {
    if (String(metric.type) === 'counter') expect(metric.name).toMatch(/_total$/);
    if (String(metric.type) === 'histogram') expect(metric.name).toMatch(/_seconds$/);
  }
});

function typeOf(metric: object): string {
  return metric.constructor.name.toLowerCase();
}
