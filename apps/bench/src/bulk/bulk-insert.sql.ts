import type { Client } from 'pg';

/** One job as both ways write it: what differs is how its values reach PostgreSQL. */
export interface BulkRow {
  id: string;
  tenantId: string;
  queue: string;
  payload: string;
  traceparent: string;
}

const columns = 'id, tenant_id, queue, payload, traceparent';

/** The same decisions as an accept makes, from rows `i`. */
const insert = (rows: string): string => `
WITH moment AS MATERIALIZED (SELECT baton.now() AS now)
INSERT INTO baton.job (id, tenant_id, queue, state, mode, priority, payload, attempt, max_attempts, timeout_ms, seq, queued_seq,
  created_at, queued_at, traceparent)
SELECT i.id, i.tenant_id, q.name, 'queued', q.dispatch_mode, 1, i.payload, 1, q.max_attempts, q.timeout_ms, 2, 2, m.now, m.now, i.traceparent
FROM ${rows} JOIN baton.queue q ON q.name = i.queue CROSS JOIN moment m
RETURNING id`;

const unnest = insert(`unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) AS i(${columns})`);
const staged = insert('pg_temp.line i');

/** One statement with an array a column. */
export async function insertByUnnest(client: Client, rows: readonly BulkRow[]): Promise<void> {
  await client.query({
    name: 'bulk-unnest',
    text: unnest,
    values: [
      rows.map((row) => row.id),
      rows.map((row) => row.tenantId),
      rows.map((row) => row.queue),
      rows.map((row) => row.payload),
      rows.map((row) => row.traceparent),
    ],
  });
}

/** Makes the table in which `COPY` puts lines; it is empty after each transaction. */
export async function makeStage(client: Client): Promise<void> {
  await client.query(
    'CREATE TEMP TABLE line (id uuid, tenant_id uuid, queue text, payload text, traceparent text) ON COMMIT DELETE ROWS',
  );
}

/** `COPY` into a table of the session, and the same statement from there: an accept decides by the queue's row. */
export async function insertByCopy(client: Client, rows: readonly BulkRow[]): Promise<void> {
  await client.query('BEGIN');
  await copyIn(client, 'COPY pg_temp.line FROM STDIN', rows.map(copyLine).join(''));
  await client.query({ name: 'bulk-copy', text: staged, values: [] });
  await client.query('COMMIT');
}

const escape = (text: string): string =>
  text.replace(/[\\\t\n\r]/g, (c) => ({ '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' })[c]!);
const copyLine = (row: BulkRow): string =>
  `${[row.id, row.tenantId, row.queue, row.payload, row.traceparent].map(escape).join('\t')}\n`;

interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** pg has the protocol's messages of COPY, and no query for it. */
function copyIn(client: Client, text: string, data: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const query = {
      submit: (connection: CopyConnection) => connection.query(text),
      handleCopyInResponse(connection: CopyConnection) {
        connection.sendCopyFromChunk(Buffer.from(data));
        connection.endCopyFrom();
      },
      handleCommandComplete: () => undefined,
      handleError: (error: Error) => (failure = error),
      handleReadyForQuery: () => (failure ? reject(failure) : resolve()),
    };
    client.query(query as never);
  });
}
