import fc from 'fast-check';
import { type SseEvent, SseParser } from './read-sse.js';

const text =
  ': hello\r\nretry: 500\r\n\r\nid: 0:1\nevent: job.accepted\ndata: {"a":\ndata: 1}\n\n: still here\n\nid\rdata: wörld 🎈\r\r';
const events: SseEvent[] = [
  { type: 'message', retry: 500 },
  { type: 'job.accepted', id: '0:1', data: '{"a":\n1}' },
  { type: 'message' },
  { type: 'message', id: '', data: 'wörld 🎈' },
];

function parse(pieces: Uint8Array[]): SseEvent[] {
  const parser = new SseParser();
  return [...pieces, new TextEncoder().encode('\n')].flatMap((piece) => [...parser.take(piece)]);
}

it('reads the same wherever the pieces end, also within a character and a line end', () => {
  const bytes = new TextEncoder().encode(text);
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length)), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
      expect(parse(pieces).slice(0, events.length)).toEqual(events);
    }),
  );
});
