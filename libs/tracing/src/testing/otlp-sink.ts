import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { spansOfOtlp, type OtlpTraces } from './otlp-json.js';
import type { SpanRecord } from './span-record.js';
import { traceTree } from './trace-tree.js';

export interface OtlpSink {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** The environment of a process that is to send its spans here. */
  env(service: string): Record<string, string>;
  /** What has arrived, in the order of arrival. */
  spans(): SpanRecord[];
  spansOfTrace(traceId: string): SpanRecord[];
  /** Resolves when the predicate holds for what has arrived; throws after `timeoutMs` (10 s) with the tree so far. */
  waitFor(predicate: (spans: SpanRecord[]) => boolean, timeoutMs?: number): Promise<SpanRecord[]>;
  reset(): void;
  close(): Promise<void>;
}

/**
 * A collector for tests: OTLP over HTTP on a free port, JSON only. Another encoding is answered `415` and told
 * by `waitFor`, since exporters do not show why they were refused.
 */
export async function startOtlpSink(): Promise<OtlpSink> {
  const received: SpanRecord[] = [];
  const refused: string[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    accept(request, response).then(
      (spans) => {
        received.push(...spans);
        for (const look of [...waiting]) look();
      },
      (error: unknown) => {
        refused.push(String(error));
        response.writeHead(error instanceof RefusedExport ? 415 : 400).end(String(error));
      },
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    env: (service) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_SERVICE_NAME: service,
    }),
    spans: () => [...received],
    spansOfTrace: (traceId) => received.filter((span) => span.traceId === traceId),
    waitFor: (predicate, timeoutMs = 10_000) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(look);
          const why = refused.length === 0 ? '' : `\nrefused exports: ${refused.join('; ')}`;
          reject(new Error(`the spans did not come within ${timeoutMs} ms${why}\n${traceTree(received)}`));
        }, timeoutMs);
        const look = (): void => {
          if (!predicate([...received])) return;
          waiting.delete(look);
          clearTimeout(timer);
          resolve([...received]);
        };
        waiting.add(look);
        look();
      }),
    reset: () => received.splice(0),
    close: () => closeServer(server),
  };
}

class RefusedExport extends Error {}

async function accept(request: IncomingMessage, response: ServerResponse): Promise<SpanRecord[]> {
  const body = await buffer(request);
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('application/json')) {
    throw new RefusedExport(
      `content type ${type}; this sink reads OTEL_EXPORTER_OTLP_PROTOCOL=http/json only`,
    );
  }
  const json = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  const spans = spansOfOtlp(JSON.parse(json.toString('utf8')) as OtlpTraces);
  response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  return spans;
}

async function closeServer(server: Server): Promise<void> {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
}
