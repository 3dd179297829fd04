import type { Socket } from 'node:net';

import { BatonError } from '@baton/contracts';

import { problemHeaders, toProblem } from './problem.js';

/** Answers bytes that are no HTTP request, of which there is only the socket. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = new BatonError('invalid_request', detailOf(error.code), { cause: error });
  const body = JSON.stringify(toProblem(refusal, { url: '/' }));
  const headers = {
    ...problemHeaders(refusal),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join('')}\r\n${body}`);
}

function detailOf(code: string | undefined): string {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'the request did not come in time';
  if (code === 'HPE_HEADER_OVERFLOW') return 'the headers are larger than 16 KiB';
  return 'this is no valid HTTP request';
}
