export interface SseEvent {
  id?: string;
  event?: string;
  data?: unknown;
  retry?: number;
}

/** The events of a `text/event-stream` answer as they come; comments are told as events without fields. */
export async function* readSse(answer: Response): AsyncGenerator<SseEvent> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    const parts = text.split('\n\n');
    text = parts.pop()!;
    for (const part of parts) yield parse(part);
  }
}

function parse(part: string): SseEvent {
  const event: SseEvent = {};
  for (const line of part.split('\n')) {
    const [, field, value] = /^(\w*): ?(.*)$/.exec(line) ?? [];
    if (field === 'id' || field === 'event') event[field] = value!;
    if (field === 'retry') event.retry = Number(value);
    if (field === 'data') event.data = JSON.parse(value!) as unknown;
  }
  return event;
}
