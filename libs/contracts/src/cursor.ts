/** A place in a job's event log. `generation` counts replays; within one, events are numbered from 1 without a gap. */
export interface EventCursor {
  generation: number;
  seq: number;
}

/** `generation:seq`, as it stands in every channel: ETag, SSE id, WebSocket offset, long-poll token. */
export function formatCursor({ generation, seq }: EventCursor): string {
  return `${generation}:${seq}`;
}

const form = /^(\d{1,9}):(\d{1,9})$/;

/** @returns undefined for what is no cursor */
export function parseCursor(text: string): EventCursor | undefined {
  const match = form.exec(text);
  return match ? { generation: Number(match[1]), seq: Number(match[2]) } : undefined;
}
