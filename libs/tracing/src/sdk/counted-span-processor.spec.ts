import { diag, DiagLogLevel } from '@opentelemetry/api';
import { ExportResultCode, setGlobalErrorHandler, type ExportResult } from '@opentelemetry/core';
import { TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { spansDropped } from '../metrics/continuity.js';
import { CountedSpanProcessor } from './counted-span-processor.js';

/** An exporter whose exports end when, and as, the test says. */
class HeldExporter {
  readonly exports: { spans: number; end: (result: ExportResult) => void }[] = [];
  stopped = false;

  export(spans: ReadableSpan[], end: (result: ExportResult) => void): void {
    this.exports.push({ spans: spans.length, end });
  }

  async shutdown(): Promise<void> {
    this.stopped = true;
  }
}

const ok = { code: ExportResultCode.SUCCESS };
const away = { code: ExportResultCode.FAILED, error: new Error('ECONNREFUSED') };

let exporter: HeldExporter;
let processor: CountedSpanProcessor;
let end: (spans: number) => void;
beforeEach(() => {
  spansDropped.reset();
  setGlobalErrorHandler(() => undefined);
  exporter = new HeldExporter();
  // A small queue is full quickly; the delay is never reached.
  processor = new CountedSpanProcessor({ exporter, queueSize: 10, delayMs: 60_000 });
  const tracer = new TracerProvider({ spanProcessors: [processor] }).getTracer('test');
  end = (spans) => {
    for (let i = 0; i < spans; i += 1) tracer.startSpan('span').end();
  };
});
afterEach(() => diag.disable());

const dropped = async (reason: string): Promise<number> =>
  (await spansDropped.get()).values.find(({ labels }) => labels.reason === reason)?.value ?? 0;

test('a full queue loses spans, counted; what is exported makes room', async () => {
  end(25);
  // Ten are under way, ten wait, five are too many.
  expect(exporter.exports.map(({ spans }) => spans)).toEqual([10]);
  expect(await dropped('queue_full')).toBe(5);
  const flushed = processor.forceFlush();
  expect(exporter.exports.map(({ spans }) => spans)).toEqual([10, 10]);
  end(3);
  expect(await dropped('queue_full')).toBe(5);
  for (const each of exporter.exports) each.end(ok);
  await flushed;
});

test('a flush waits for the export that is under way', async () => {
  end(10);
  let done = false;
  const flushed = processor.forceFlush().then(() => (done = true));
  await new Promise(setImmediate);
  expect(done).toBe(false);
  exporter.exports[0]?.end(ok);
  await flushed;
});

test('a failed export loses its spans, counted; it is said once, and once when it is over', async () => {
  const said: string[] = [];
  const log = (message: string) => said.push(message);
  diag.setLogger({ error: log, warn: log, info: log, debug: log, verbose: log }, DiagLogLevel.WARN);
  for (const result of [away, away, ok]) {
    end(4);
    const flushed = processor.forceFlush().catch(() => undefined);
    exporter.exports.at(-1)?.end(result);
    await flushed;
  }
  expect(await dropped('export_failed')).toBe(8);
  expect(said).toEqual([
    'tracing: the collector takes no spans: ECONNREFUSED',
    'tracing: the collector takes spans again',
  ]);
});

test('shutdown sends what waits; what ends later is lost, counted', async () => {
  end(3);
  const stopped = processor.shutdown();
  end(2);
  await new Promise(setImmediate);
  exporter.exports[0]?.end(ok);
  await stopped;
  expect(exporter.exports.map(({ spans }) => spans)).toEqual([3]);
  expect(exporter.stopped).toBe(true);
  expect(await dropped('after_shutdown')).toBe(2);
});
