/** One event of a `text/event-stream`; without `data`, a comment or a `retry`. */
export interface SseEvent {
  id?: string;
  type: string;
  data?: string;
  /** Milliseconds. */
  retry?: number;
}

/** Takes the stream as it comes, in pieces that end anywhere, and gives whole events (WHATWG HTML, 9.2.6). */
export class SseParser {
  private rest = '';
  private fields: { id?: string; type?: string; data?: string[]; retry?: number } = {};
  private readonly decoder = new TextDecoder();

  *take(bytes: Uint8Array): Generator<SseEvent> {
    this.rest += this.decoder.decode(bytes, { stream: true });
    // A carriage return at the very end may be the half of a line end.
    for (let end = /\r\n|\n|\r(?!$)/.exec(this.rest); end; end = /\r\n|\n|\r(?!$)/.exec(this.rest)) {
      const line = this.rest.slice(0, end.index);
      this.rest = this.rest.slice(end.index + end[0].length);
      if (line !== '') this.field(line);
      else yield this.event();
    }
  }

  private field(line: string): void {
    const [, name, value = ''] = /^([^:]*)(?:: ?([^]*))?$/.exec(line) ?? [];
    if (name === 'id') this.fields.id = value;
    else if (name === 'event') this.fields.type = value;
    else if (name === 'data') (this.fields.data ??= []).push(value);
    else if (name === 'retry' && /^\d+$/.test(value)) this.fields.retry = Number(value);
  }

  private event(): SseEvent {
    const { data, type = 'message', ...more } = this.fields;
    this.fields = {};
    return { type, ...more, ...(data && { data: data.join('\n') }) };
  }
}
