import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expectTrace } from '../testing/expect-trace.js';
import { startOtlpSink, type OtlpSink } from '../testing/otlp-sink.js';
import type { SpanRecord } from '../testing/span-record.js';
import { traceTree } from '../testing/trace-tree.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let sink: OtlpSink;
beforeEach(async () => {
  sink = await startOtlpSink();
});
afterEach(() => sink.close());

/** A process with the start command of a service, from sources. */
async function run(env: Record<string, string>): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@baton/source',
      '--import',
      here('../../../../tools/ts-hook.mjs'),
      '--import',
      '@baton/tracing/register',
      here('register.fixture.ts'),
    ],
    { cwd: here('.'), env: { PATH: process.env['PATH'] ?? '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: code as number | null, out, err };
}

/** The caller's span, which `register.fixture.ts` sends along. */
const externalParents = ['00f067aa0ba902b7'];

const ours = (spans: readonly SpanRecord[]): string =>
  traceTree(spans, { normalise: true, keep: ({ scope }) => scope === 'baton', externalParents });

test("with and without hooks Baton's own spans are the same", async () => {
  const trees: string[] = [];
  for (const hooks of ['on', 'off']) {
    const { code, out, err } = await run({ ...sink.env('service'), BATON_AUTO_INSTRUMENTATION: hooks });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      flushed: 'flushed',
      patched: { http: hooks === 'on', pg: hooks === 'on', ioredis: hooks === 'on' },
    });
    const spans = await sink.waitFor((all) => all.some((span) => span.name === 'result.deliver'));
    const whole = expectTrace(spans, { jobId: 'job-1', mode: 'event', externalParents });
    const server = whole.filter((span) => span.kind === 'server').map((span) => span.name);
    expect(server).toEqual(hooks === 'on' ? ['POST /v1/jobs'] : []);
    expect(spans.every((span) => span.service === 'service')).toBe(true);
    trees.push(ours(spans));
    sink.reset();
  }
  expect(trees[0]).toContain('produce.echo');
  expect(trees[1]).toBe(trees[0]);
});

test('without an endpoint nothing is sent and the work is done', async () => {
  const { code, out, err } = await run({});
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(JSON.parse(out)).toMatchObject({ flushed: 'flushed' });
});

test('a collector that is away stops nothing and is said once', async () => {
  const { url } = sink;
  await sink.close();
  const { code, err } = await run({
    ...sink.env('service'),
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
  });
  sink = await startOtlpSink();
  expect(code).toBe(0);
  expect(err.match(/the collector takes no spans/g)).toHaveLength(1);
});

test('a wrong setting stops the process with a word on it', async () => {
  const { code, err } = await run({ OTEL_TRACES_SAMPLER: 'sometimes' });
  expect(code).toBe(1);
  expect(err).toContain('OTEL_TRACES_SAMPLER is "sometimes"; allowed is one of always_on');
});
