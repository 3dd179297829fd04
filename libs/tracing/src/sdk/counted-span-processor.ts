import { diag, TraceFlags, type Context } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type Span,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import { spansDropped } from '../metrics/continuity.js';

/**
 * Spans of one export. The exporter refuses a 31st export at once, and a flush starts them all together, so a
 * full queue must be fewer than 30 of these.
 */
const exportSize = 2_048;

export interface CountedSpanProcessorOptions {
  exporter: SpanExporter;
  queueSize: number;
  delayMs: number;
}

/**
 * The SDK's batch processor, with every span that it loses counted in `baton_spans_dropped_total`.
 *
 * `queued` always equals the inner queue's length: one more for each sampled span that ends, less a batch for
 * each export that begins. A full queue refuses (`queue_full`); a failed export loses its batch
 * (`export_failed`); after `shutdown` what ends is lost (`after_shutdown`). A flush waits for the exports under
 * way too, which the inner one does not.
 */
export class CountedSpanProcessor implements SpanProcessor {
  private readonly inner: BatchSpanProcessor;
  private readonly underWay = new Set<Promise<void>>();
  private queued = 0;
  private failing = false;
  private stopped = false;

  constructor(private readonly options: CountedSpanProcessorOptions) {
    const { exporter, queueSize, delayMs } = options;
    this.inner = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) => this.export(spans, done),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: queueSize,
      maxExportBatchSize: Math.min(exportSize, queueSize),
      scheduledDelayMillis: delayMs,
    });
  }

  onStart(span: Span, parent: Context): void {
    this.inner.onStart(span, parent);
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.stopped) return spansDropped.inc({ reason: 'after_shutdown' });
    if (this.queued >= this.options.queueSize) return spansDropped.inc({ reason: 'queue_full' });
    this.queued += 1;
    this.inner.onEnd(span);
  }

  async forceFlush(): Promise<void> {
    const before = [...this.underWay];
    await this.inner.forceFlush();
    await Promise.all(before);
  }

  async shutdown(): Promise<void> {
    this.stopped = true;
    await this.inner.shutdown();
  }

  private export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.queued -= spans.length;
    const exported = new Promise<void>((resolve) => {
      this.options.exporter.export(spans, (result) => {
        this.note(result, spans.length);
        done(result);
        resolve();
      });
    });
    this.underWay.add(exported);
    void exported.then(() => this.underWay.delete(exported));
  }

  private note(result: ExportResult, spans: number): void {
    const failed = result.code !== ExportResultCode.SUCCESS;
    if (failed) spansDropped.inc({ reason: 'export_failed' }, spans);
    // Said once when it begins and once when it is over; the counter tells how much was lost between.
    if (failed && !this.failing)
      diag.warn(`tracing: the collector takes no spans: ${result.error?.message ?? 'no reason given'}`);
    if (!failed && this.failing) diag.warn('tracing: the collector takes spans again');
    this.failing = failed;
  }
}
