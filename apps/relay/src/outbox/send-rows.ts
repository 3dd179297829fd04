import {
  BrokerUnavailableError,
  RecordRefusedError,
  type BrokerProducer,
  type Place,
} from '@baton/messaging';
import { jobRecord, type SendableRow } from './job-record.js';

export interface PlacedRow {
  sent: SendableRow;
  place: Place;
}

export interface SendReport {
  /** Acknowledged by the broker. */
  placed: PlacedRow[];
  /** The broker will never take these. */
  refused: { sent: SendableRow; error: RecordRefusedError }[];
  /** Why the rest was not sent, or is not known to be; it may be sent again. */
  unavailable?: BrokerUnavailableError;
}

/**
 * Sends rows to their topic, in order. Where the broker refuses a record for good, the batch is halved until that
 * record is alone, so that one bad row stops no other.
 */
export async function sendRows(
  producer: BrokerProducer,
  topic: string,
  rows: readonly SendableRow[],
): Promise<SendReport> {
  if (rows.length === 0) return { placed: [], refused: [] };
  try {
    const now = Date.now();
    const places = await producer.send(
      topic,
      rows.map((row) => jobRecord(row, now)),
    );
    return { placed: rows.map((sent, i) => ({ sent, place: places[i]! })), refused: [] };
  } catch (error) {
    if (error instanceof BrokerUnavailableError)
      return { placed: known(rows, error.placed), refused: [], unavailable: error };
    if (!(error instanceof RecordRefusedError)) throw error;
    const placed = known(rows, error.placed);
    const rest = rows.filter((_, i) => error.placed[i] === undefined);
    const [only] = rest;
    if (rest.length === 1 && only) return { placed, refused: [{ sent: only, error }] };
    return sendHalves(producer, topic, rest, placed);
  }
}

async function sendHalves(
  producer: BrokerProducer,
  topic: string,
  rows: readonly SendableRow[],
  placed: readonly PlacedRow[],
): Promise<SendReport> {
  const middle = rows.length >> 1;
  const first = await sendRows(producer, topic, rows.slice(0, middle));
  if (first.unavailable) return { ...first, placed: [...placed, ...first.placed] };
  const second = await sendRows(producer, topic, rows.slice(middle));
  return {
    ...second,
    placed: [...placed, ...first.placed, ...second.placed],
    refused: [...first.refused, ...second.refused],
  };
}

function known(rows: readonly SendableRow[], places: readonly (Place | undefined)[]): PlacedRow[] {
  return rows.flatMap((sent, i) => {
    const place = places[i];
    return place ? [{ sent, place }] : [];
  });
}
